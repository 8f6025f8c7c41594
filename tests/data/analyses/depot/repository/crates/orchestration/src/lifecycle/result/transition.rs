pub fn next(state: State, event: Event) -> Result<State, Error> {
    match (state, event) {
        (State::Waiting, Event::Start) => Ok(State::Running),
        (State::Running, Event::Finish) => Ok(State::Done),
        (State::Running, Event::Fail) => Ok(State::Failed),
        _ => Err(Error::Transition),
    }
}
