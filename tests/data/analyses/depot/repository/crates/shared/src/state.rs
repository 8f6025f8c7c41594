/// What became of a task.
///
/// ```ignore
/// assert!(State::Done.is_over());
/// ```
#[derive(Clone, Copy, PartialEq)]
pub enum State {
    Waiting,
    Running,
    Done,
    Failed,
}

impl State {
    pub fn is_over(self) -> bool {
        matches!(self, State::Done | State::Failed)
    }

    pub fn retry(self) -> State {
        if self == State::Failed {
            return State::Waiting;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_task_is_over() {
        assert!(State::Failed.is_over());
    }

    #[test]
    fn a_failed_task_waits_again() {
        assert!(State::Failed.retry() == State::Waiting);
    }
}
