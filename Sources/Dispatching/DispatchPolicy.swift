/// What holds for all procedures.
public struct DispatchPolicy: Hashable, Sendable {
    /// Disruptive runs at once, whatever plans say.
    public let disruptiveAtOnce: Int
    /// Runs look and change nothing.
    public let observeOnly: Bool
    /// What jitter is made from, beside the occurrence's key.
    public let seed: UInt64
    /// Rows of single occurrences after a gap.
    let missedRows: Int

    public init(disruptiveAtOnce: Int = .max, observeOnly: Bool = false, seed: UInt64 = 0) {
        self.init(
            disruptiveAtOnce: disruptiveAtOnce, observeOnly: observeOnly, seed: seed,
            missedRows: DispatchLimits.missedRows)
    }

    /// A simulation makes gaps longer than the rows by making the rows fewer.
    package init(disruptiveAtOnce: Int, observeOnly: Bool, seed: UInt64, missedRows: Int) {
        self.disruptiveAtOnce = disruptiveAtOnce
        self.observeOnly = observeOnly
        self.seed = seed
        self.missedRows = missedRows
    }
}
