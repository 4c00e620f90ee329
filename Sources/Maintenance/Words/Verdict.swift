/// What a look at the system came to. The four are never folded into fewer.
public enum Verdict: String, Codable, Sendable, CaseIterable {
    /// Something was seen, and it is well.
    case pass
    /// Something was seen that needs attention before long.
    case warn
    /// Something was seen that is wrong.
    case fail
    /// It could not be looked at, or only in part. The cause says why.
    case unknown

    /// fail > unknown > warn > pass: the order in which a run takes its verdict from its steps.
    private var weight: Int {
        switch self {
        case .pass: 0
        case .warn: 1
        case .unknown: 2
        case .fail: 3
        }
    }

    /// The most severe first.
    static let bySeverity = allCases.sorted { $0.weight > $1.weight }

    public func worst(_ other: Verdict) -> Verdict {
        other.weight > weight ? other : self
    }

    /// The exit code of `check`, `look` and `run`.
    public var exitCode: Int32 {
        switch self {
        case .pass: 0
        case .warn: 1
        case .fail: 2
        case .unknown: 3
        }
    }
}

extension Sequence<Verdict> {
    /// The worst of them; `unknown` when there is none, for nothing was seen.
    public var worst: Verdict {
        var result: Verdict?
        for verdict in self { result = result?.worst(verdict) ?? verdict }
        return result ?? .unknown
    }
}
