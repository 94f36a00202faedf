//! Which places earn a medal, by the number of teams. The site's rule, from
//! <https://www.kaggle.com/progression>:
//!
//! | teams | gold | silver | bronze |
//! |---|---|---|---|
//! | under 100 | top 10 % | top 20 % | top 40 % |
//! | under 250 | top 10 | top 20 % | top 40 % |
//! | under 1000 | top 10 + 0.2 % | top 50 | top 100 |
//! | more | top 10 + 0.2 % | top 5 % | top 10 % |

/// The last place of each medal, gold first; nothing without teams.
#[must_use]
pub fn places(teams: u64) -> Vec<(&'static str, u64)> {
    let percent = |share: u64| teams * share / 100;
    let [gold, silver, bronze] = match teams {
        0..100 => [percent(10), percent(20), percent(40)],
        100..250 => [10, percent(20), percent(40)],
        250..1000 => [10 + teams / 500, 50, 100],
        _ => [10 + teams / 500, percent(5), percent(10)],
    };
    let all = [("gold", gold), ("silver", silver), ("bronze", bronze)];
    all.into_iter().filter(|(_, place)| *place > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn lines_follow_the_number_of_teams() {
        let of = |teams| {
            places(teams)
                .into_iter()
                .map(|(_, place)| place)
                .collect::<Vec<_>>()
        };
        assert!(of(0).is_empty());
        assert_eq!(of(5), [1, 2]);
        assert_eq!(of(99), [9, 19, 39]);
        assert_eq!(of(100), [10, 20, 40]);
        assert_eq!(of(249), [10, 49, 99]);
        assert_eq!(of(250), [10, 50, 100]);
        assert_eq!(of(999), [11, 50, 100]);
        assert_eq!(of(2500), [15, 125, 250]);
    }
}
