//! Counters in the memory of one process: the books of all organizations, each under a lock of its own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use super::{
    Counters, Reservation,
    book::{Book, Granted, Reserved, Standing},
    scope::{Ask, BookId, Refusal},
};
use crate::domain::{limit_scopes::Scope, limits::Span, money::NanoUsd, periods::Period, time::UnixMs};

/// See the module.
#[derive(Debug, Default)]
pub struct InMemory {
    books: RwLock<HashMap<BookId, Arc<Mutex<Book>>>>,
}

impl InMemory {
    fn with<T>(&self, id: BookId, work: impl FnOnce(&mut Book) -> T) -> T {
        let found = self.books.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        let book =
            found.unwrap_or_else(|| self.books.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().clone());
        // A panic while a book is open can only come from a broken program; the book itself is whole after each step.
        let mut book: MutexGuard<'_, Book> = book.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut book)
    }
}

impl Counters for InMemory {
    fn reserve(&self, book: BookId, ask: &Ask<'_>) -> Reservation {
        Reservation::Now(self.with(book, |book| book.reserve(ask)))
    }

    fn settle(&self, book: BookId, reserved: &Reserved, tokens: u64, cost: NanoUsd) {
        self.with(book, |book| book.settle(reserved, tokens, cost));
    }

    fn cancel(&self, book: BookId, reserved: &Reserved) {
        self.with(book, |book| book.cancel(reserved));
    }

    fn count(&self, book: BookId, scope: Scope, at: UnixMs, span: Span, requests: u64, tokens: u64) {
        self.with(book, |book| book.count(scope, at, span, requests, tokens));
    }

    fn post(&self, book: BookId, scope: Scope, period: Period, in_period: NanoUsd, in_all: NanoUsd) {
        self.with(book, |book| book.post(scope, period, in_period, in_all));
    }

    fn credit(&self, book: BookId, scope: Scope, amount: NanoUsd) {
        self.with(book, |book| book.credit(scope, amount));
    }

    fn set_balance(&self, book: BookId, scope: Scope, balance: NanoUsd) {
        self.with(book, |book| book.set_balance(scope, balance));
    }

    fn take(&self, book: BookId, scope: Scope, most: NanoUsd, keep: NanoUsd) -> NanoUsd {
        self.with(book, |book| book.take(scope, most, keep))
    }

    fn standing(&self, book: BookId, scope: Scope, at: UnixMs, period: Period) -> Standing {
        self.with(book, |book| book.standing(scope, at, period))
    }

    fn test(&self, book: BookId, ask: &Ask<'_>) -> Vec<Refusal> {
        self.with(book, |book| book.test(ask))
    }
}

impl From<Result<Granted, Refusal>> for Reservation {
    fn from(outcome: Result<Granted, Refusal>) -> Self {
        Self::Now(outcome)
    }
}
