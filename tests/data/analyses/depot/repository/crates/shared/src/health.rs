pub fn judge(waiting: usize, most: usize) -> &'static str {
    if waiting > most {
        return "full";
    }
    "well"
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_full_depot_says_so() {
        assert_eq!(super::judge(2, 1), "full");
        assert_eq!(super::judge(1, 1), "well");
    }
}
