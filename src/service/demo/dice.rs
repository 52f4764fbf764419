//! Repeatable chance for made-up figures. Not for secrets.

/// SplitMix64: small, fast, and the same on every machine.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to 1, without it.
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From 0 up to `bound`, without it; 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        (self.share() * bound as f64) as u64
    }

    /// Whether something happens that does so in this share of cases.
    pub(super) fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// Around a middle: mostly between half and twice of it, seldom far above. The sum of four shares is nearly normal.
    pub(super) fn around(&mut self, middle: f64) -> f64 {
        middle * (self.normal() * 1.2).exp()
    }

    fn normal(&mut self) -> f64 {
        (0..4).map(|_| self.share()).sum::<f64>() - 2.0
    }

    /// A whole number near `mean`: days are much alike, so that those that are not stand out.
    pub(super) fn count(&mut self, mean: f64) -> u64 {
        let mean = mean * (self.normal() * 0.3).exp();
        mean as u64 + u64::from(self.happens(mean.fract()))
    }

    pub(super) fn bytes(&mut self) -> [u8; 10] {
        let (one, two) = (self.next().to_le_bytes(), self.next().to_le_bytes());
        std::array::from_fn(|at| if at < 8 { one[at] } else { two[at - 8] })
    }
}
