/// Where a procedure stands when something goes wrong.
public enum Situation: Int, CaseIterable, Sendable {
    case idle, absent, disabled, paused, delayed, retrying, held, windowClosed, locked, running, queued

    var name: String { "\(self)" }
}

/// How often each situation met each fault.
public struct Coverage: Sendable {
    var counts = [Int](repeating: 0, count: Situation.allCases.count * Fault.allCases.count)

    mutating func meet(_ situation: Situation, _ fault: Fault) {
        counts[situation.rawValue * Fault.allCases.count + fault.rawValue] += 1
    }

    public func count(_ situation: Situation, _ fault: Fault) -> Int {
        counts[situation.rawValue * Fault.allCases.count + fault.rawValue]
    }

    public var least: Int { counts.min() ?? 0 }

    public mutating func add(_ other: Coverage) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    /// One line a fault.
    public var table: String {
        let header = ["fault"] + Situation.allCases.map(\.name)
        let rows = Fault.allCases.map { fault in
            [fault.name] + Situation.allCases.map { "\(count($0, fault))" }
        }
        return ([header] + rows).map { cells in
            cells.enumerated().map { index, cell in
                let width = index == 0 ? 18 : 13
                let space = String(repeating: " ", count: max(width - cell.count, 1))
                return index == 0 ? cell + space : space + cell
            }.joined()
        }.joined(separator: "\n")
    }
}
