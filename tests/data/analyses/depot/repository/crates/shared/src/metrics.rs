pub fn count(name: &str) -> u64 {
    registry().counter(name).increment()
}
