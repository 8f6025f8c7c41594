pub fn dispatch(handler: &Handler, call: Call) -> Result<Answer, Error> {
    let permit = handler.permits.try_acquire()?;
    let answer = handler.invoke(call);
    drop(permit);
    match answer {
        Some(answer) if answer.late => Err(Error::Timeout),
        Some(answer) => Ok(answer),
        None => Err(Error::Foreign),
    }
}

pub fn name(call: &Call) -> String {
    call.name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_small() {
        assert_eq!(name(&Call::named("Pack")), "pack");
    }
}
