/// What an estate allows, and a plan less of.
enum PolicyReader {
    /// How many disruptive runs at once; a plan says the same as its estate, or fewer.
    static func disruptiveAtOnce(_ fields: Fields, allowed: Int?, _ log: inout MistakeLog) -> Int? {
        guard let given = fields.read("disruptive-at-once", as: Int.self, &log) else { return allowed }
        if given.value < 1 {
            log.report(
                "`disruptive-at-once` is at least 1; `highest-impact: online` in the estate's policy allows none",
                at: given.position)
        }
        if let allowed, given.value > allowed {
            log.report(
                "the estate's policy lets \(allowed) disruptive \(allowed == 1 ? "run" : "runs") go on at once, and a plan "
                    + "allows no more", at: given.position)
        }
        return given.value
    }
}
