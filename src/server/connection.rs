//! A client's connection with limits for what hyper leaves open: silence before and between requests, a request head that comes byte
//! by byte (also before the protocol is known), a client that takes nothing of its answer, and messages with two possible ends.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::task::AtomicWaker;
use http_body::{Body, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::{config::Timeouts, framing::Framing};

/// How long unread bytes are thrown away after the answer, so that the client sees the answer and not a reset connection.
const LINGER: Duration = Duration::from_secs(2);

/// What hyper is given in the place of a byte that allows two readings, and of all behind it: it answers with 400 and closes.
const REFUSED: &[u8] = b"\0\r\n\r\n";

/// What a connection is doing, told by its requests.
#[derive(Debug, Default)]
pub struct Activity {
    started: AtomicUsize,
    ended: AtomicUsize,
    /// Whoever waits for bytes meanwhile: with the end of a request its time limit begins.
    reader: AtomicWaker,
}

/// A request in flight; ends when it is dropped.
#[derive(Debug)]
pub struct InFlight(Arc<Activity>);

impl Activity {
    /// Notes that a request came in.
    pub fn start(self: &Arc<Self>) -> InFlight {
        self.started.fetch_add(1, Ordering::SeqCst);
        InFlight(Arc::clone(self))
    }

    fn is_busy(&self) -> bool {
        self.ended.load(Ordering::SeqCst) != self.started.load(Ordering::SeqCst)
    }

    fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
        self.0.reader.wake();
    }
}

/// An answer's body that keeps its request in flight until it is sent or given up.
#[derive(Debug)]
pub struct TrackedBody<B> {
    body: B,
    _in_flight: InFlight,
}

impl<B> TrackedBody<B> {
    /// Ties a body to its request.
    pub fn new(body: B, in_flight: InFlight) -> Self {
        Self { body, _in_flight: in_flight }
    }
}

impl<B: Body + Unpin> Body for TrackedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A request's head is expected, or on its way.
    Head,
    /// A request is being answered; its body has a limit of its own.
    Busy,
    /// Between two requests.
    Idle,
}

/// The connection's bytes under time limits.
#[derive(Debug)]
pub struct TimedIo<IO> {
    io: IO,
    activity: Arc<Activity>,
    timeouts: Timeouts,
    phase: Phase,
    seen_ended: usize,
    prefix: Prefix,
    framing: Framing,
    /// What is left to read of a connection that is refused; then it ends.
    refusal: Option<&'static [u8]>,
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Pin<Box<Sleep>>>,
    lingering: Option<Pin<Box<Sleep>>>,
}

/// The first two bytes: `PR` begins HTTP/2's preface and no method that is served here.
#[derive(Debug, Default)]
struct Prefix {
    bytes: [u8; 2],
    length: usize,
}

impl Prefix {
    fn add(&mut self, read: &[u8]) {
        for byte in read.iter().take(2 - self.length) {
            self.bytes[self.length] = *byte;
            self.length += 1;
        }
    }

    fn is_http2(&self) -> bool {
        self.bytes == *b"PR"
    }
}

impl<IO> TimedIo<IO> {
    /// Wraps a connection that was just accepted.
    pub fn new(io: IO, activity: Arc<Activity>, timeouts: Timeouts) -> Self {
        Self {
            io,
            activity,
            timeouts,
            phase: Phase::Head,
            seen_ended: 0,
            prefix: Prefix::default(),
            framing: Framing::default(),
            refusal: None,
            reading: Some(sleep(timeouts.header)),
            writing: None,
            lingering: None,
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.reading = match phase {
            Phase::Head => Some(sleep(self.timeouts.header)),
            Phase::Idle => Some(sleep(self.timeouts.idle)),
            Phase::Busy => None,
        };
    }

    /// What the requests did since the last look.
    fn catch_up(&mut self) {
        let ended = self.activity.ended();
        if self.activity.is_busy() {
            if self.phase != Phase::Busy {
                self.enter(Phase::Busy);
            }
        } else if self.phase == Phase::Busy || ended != self.seen_ended {
            self.enter(Phase::Idle);
        }
        self.seen_ended = ended;
    }

    /// Goes on with the refusal, if there is one.
    fn give_refusal(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let Some(left) = &mut self.refusal else { return false };
        let (now, later) = left.split_at(left.len().min(buffer.remaining()));
        buffer.put_slice(now);
        *left = later;
        true
    }

    fn poll_read_timer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.activity.reader.register(cx.waker());
        self.catch_up();
        if let Some(timer) = &mut self.reading {
            ready!(timer.as_mut().poll(cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }

    fn check_write<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.writing = None;
            return result;
        }
        let timer = self.writing.get_or_insert_with(|| sleep(self.timeouts.write));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

fn sleep(duration: Duration) -> Pin<Box<Sleep>> {
    Box::pin(tokio::time::sleep_until(Instant::now() + duration))
}

impl<IO: AsyncRead + Unpin> AsyncRead for TimedIo<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if self.give_refusal(buffer) {
            return Poll::Ready(Ok(()));
        }
        if Pin::new(&mut self.io).poll_read(cx, buffer)?.is_pending() {
            return self.poll_read_timer(cx);
        }
        let good = before + self.framing.follow(&buffer.filled()[before..]);
        if good < buffer.filled().len() {
            buffer.set_filled(good);
            self.refusal = Some(REFUSED);
            if good == before {
                self.give_refusal(buffer);
            }
        }
        self.prefix.add(&buffer.filled()[before..]);
        self.catch_up();
        // HTTP/2 sends frames that begin no request: there the limit between requests holds for the next head, too.
        if self.phase == Phase::Idle && buffer.filled().len() > before && !self.prefix.is_http2() {
            self.enter(Phase::Head);
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimedIo<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.check_write(cx, result)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write_vectored(cx, bytes);
        self.check_write(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.io).poll_flush(cx);
        self.check_write(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let result = Pin::new(&mut self.io).poll_shutdown(cx);
            ready!(self.check_write(cx, result))?;
            self.lingering = Some(sleep(LINGER));
        }
        // Asked first: whoever sends without end leaves this task no time to ask afterwards.
        if self.lingering.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Ok(()));
        }
        // Closing with unread bytes resets the connection, and the client may lose the answer ("too large") that was on its way.
        let mut scratch = [0; 16 << 10];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.io).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
