//! How far a node doubts itself (P-10).

/// How far this node doubts itself (Lifeguard IV-A, P-10): 0 when all is well, up to a maximum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Awareness {
    score: u32,
    max: u32,
}

impl Awareness {
    pub(crate) const fn new(max: u32) -> Self {
        Self { score: 0, max }
    }

    pub(crate) const fn score(self) -> u32 {
        self.score
    }

    /// A probe failed and no helper said that it could not reach the node either, or we had to refute.
    pub(crate) fn worsen(&mut self) {
        self.score = (self.score + 1).min(self.max);
    }

    /// A probe succeeded.
    pub(crate) fn improve(&mut self) {
        self.score = self.score.saturating_sub(1);
    }

    /// A time stretched by the score.
    pub(crate) const fn stretch(self, micros: u64) -> u64 {
        micros.saturating_mul(self.score as u64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::Awareness;

    #[test]
    fn moves_between_zero_and_its_maximum() {
        let mut awareness = Awareness::new(2);
        awareness.improve();
        assert_eq!(awareness.stretch(100), 100);
        for _ in 0..5 {
            awareness.worsen();
        }
        assert_eq!((awareness.score(), awareness.stretch(100)), (2, 300));
    }
}
