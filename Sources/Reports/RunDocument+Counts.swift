import Maintenance

extension RunDocument.Counts {
    /// How many of each; what has no verdict was not run.
    init(_ verdicts: [Verdict?]) {
        self.init()
        for verdict in verdicts {
            switch verdict {
            case .pass?: pass += 1
            case .warn?: warn += 1
            case .fail?: fail += 1
            case .unknown?: unknown += 1
            case nil: skipped += 1
            }
        }
    }
}
