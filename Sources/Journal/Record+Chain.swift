extension Record {
    /// Checks a run's records from the first on, in order; the error names the first broken link.
    public static func verifyChain(_ records: [Record], isTail: Bool = false) throws(JournalError) {
        guard let first = records.first else { return }
        let run = first.run
        var tip = isTail ? ChainTip(sequence: first.sequence - 1, digest: first.previous) : ChainTip.none
        for record in records {
            if record.run != run { throw broken(run, tip, "a record of the run \(record.run) stands in its place") }
            if record.sequence != tip.sequence + 1 { throw broken(run, tip, "number \(record.sequence) follows") }
            if record.previous != tip.digest { throw broken(run, tip, "it does not continue the record before") }
            if let damage = record.damage { throw broken(run, tip, damage) }
            tip = ChainTip(record)
        }
    }

    private static func broken(_ run: String, _ tip: ChainTip, _ what: String) -> JournalError {
        JournalError(
            .corrupt,
            "The chain of run \(run) is broken at record \(tip.sequence + 1): \(what). "
                + "Nothing after it can be relied on; compare with a backup of the journal.", run: run)
    }
}

extension Batch {
    /// The runs whose chains it continues.
    public var continuedRuns: Set<String> { Set(records.map(\.run)) }

    /// Refuses a record that does not continue its run. Every store asks this.
    public func checkContinuation(of stored: [String: ChainTip]) throws(JournalError) {
        var tips = stored
        for record in records {
            let tip = tips[record.run] ?? .none
            guard record.sequence == tip.sequence + 1, record.previous == tip.digest else {
                throw JournalError.conflict(record.run, sequence: record.sequence, tip: tip)
            }
            guard !record.isErased, record.damage == nil else {
                throw JournalError(
                    .conflict,
                    "Record \(record.sequence) of run \(record.run) was not stored: its digest does not fit its content. "
                        + "Build records with `Record.next`.", run: record.run)
            }
            tips[record.run] = ChainTip(record)
        }
    }
}
