/// How often each situation met each fault.
public struct Coverage: Sendable {
    private let situations: [String]
    private let faults: [String]
    private var counts: [Int]

    init(_ situations: [String], _ faults: [String]) {
        self.situations = situations
        self.faults = faults
        counts = [Int](repeating: 0, count: situations.count * faults.count)
    }

    mutating func meet(_ situation: Int, _ fault: Int) { counts[situation * faults.count + fault] += 1 }

    public var least: Int { counts.min() ?? 0 }

    public mutating func add(_ other: Coverage) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    /// As Markdown, one line a fault.
    public var table: String {
        let rows = faults.indices.map { fault in
            [faults[fault]] + situations.indices.map { "\(counts[$0 * faults.count + fault])" }
        }
        let rule = [String](repeating: "---", count: situations.count + 1)
        return ([["fault"] + situations, rule] + rows).map { "| \($0.joined(separator: " | ")) |" }
            .joined(separator: "\n")
    }
}
