pub fn handle(message: &Message, store: &mut Store) -> Result<State, Error> {
    if message.body.is_empty() {
        return Err(Error::Malformed);
    }
    let step = store.find(message.step)?;
    match message.kind {
        Kind::Done => step.finish(),
        Kind::Failed if step.attempts < 3 => step.retry(),
        Kind::Failed => step.fail(),
    }
    store.save(step)
}

pub fn partial(messages: &[Message], store: &mut Store) -> usize {
    let mut handled = 0;
    for message in messages {
        if handle(message, store).is_ok() {
            handled += 1;
        }
    }
    handled
}
