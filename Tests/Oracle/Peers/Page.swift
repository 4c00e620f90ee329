/// The page of the figures.
struct Page {
    let judge: Judge
    let seed: UInt64
    let cases: Int
    /// What was compared with: a line for each peer, written by the script that installed them.
    let versions: [Peer: String]

    private static let leastComparisons = 1_000_000

    private var comparisons: Int { judge.counts.values.map(\.comparisons).reduce(0, +) }
    private var unexplained: Int { judge.counts.values.map(\.unexplained).reduce(0, +) }
    private var classes: [DifferenceClass] { DifferenceClass.allCases.filter { sum($0) > 0 } }

    private func sum(_ kind: DifferenceClass) -> Int {
        judge.counts.values.map { $0.differences[kind] ?? 0 }.reduce(0, +)
    }

    /// Whether every peer answered, and all that differs is explained.
    var isWell: Bool {
        unexplained == 0 && classes.count <= 15 && Peer.allCases.allSatisfy { judge.counts[$0]?.comparisons ?? 0 > 0 }
            && (cases < 10_000 || comparisons >= Self.leastComparisons)
    }

    var text: String {
        let peers = Peer.allCases.map { peer in
            let count = judge.counts[peer] ?? Judge.Count()
            return "| \(versions[peer] ?? "\(peer)") | \(count.answers) | \(count.comparisons) | "
                + "\(count.differences.values.reduce(0, +)) | \(count.unexplained) |"
        }
        let kinds = classes.map { kind in
            let by = Peer.allCases.compactMap { peer in
                judge.counts[peer]?.differences[kind].map { "\(peer) \($0)" }
            }
            return "| `\(kind.rawValue)` | \(kind.text) | \(by.joined(separator: ", ")) | \(kind.standard) |"
        }
        return """
            # Schedules beside six other programs

            `make oracle`: \(cases) random schedules (seed \(seed)), each in a random zone from a random instant of 2000 to 2037 on, most of
            them shortly before clocks change; up to \(Case.instants) instants of each peer. An instant that one of both names is a comparison.

            | peer | schedules | comparisons | differences | not explained |
            | --- | --- | --- | --- | --- |
            \(peers.joined(separator: "\n"))
            | all | | **\(comparisons)** | | **\(unexplained)** |

            Every difference belongs to one of \(classes.count) classes. A class is a predicate in `Tests/Oracle/Peers/DifferenceClass.swift`,
            decided by the fields of the schedule and the zone's file, not by what either program says.

            | class | the peer | differences | the standard, and who is right by it |
            | --- | --- | --- | --- |
            \(kinds.joined(separator: "\n"))

            """
    }
}
