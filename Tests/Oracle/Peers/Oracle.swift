import ClockWalk
import FoundationEssentials
import Glibc

/// `oracle clocks` proves the clock changes; `oracle cases FOLDER SEED COUNT` writes the cases of each peer into a folder,
/// `oracle judge FOLDER SEED COUNT` reads their answers there.
@main struct Oracle {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("clocks", 1):
            let (page, isWell) = try ClockChanges.prove()
            print(page, terminator: "")
            exit(isWell ? 0 : 1)
        case ("cases", 4): try write(try cases(arguments), to: arguments[1])
        case ("judge", 4): try judge(try cases(arguments), in: arguments[1])
        default:
            print("usage: oracle clocks | oracle cases FOLDER SEED COUNT | oracle judge FOLDER SEED COUNT")
            exit(2)
        }
    }

    private static func cases(_ arguments: [String]) throws -> Cases {
        guard let seed = UInt64(arguments[2]), let count = Int(arguments[3]), count > 0 else {
            print("oracle: SEED and COUNT are numbers")
            exit(2)
        }
        return try Cases(seed: seed, count: count)
    }

    private static func write(_ cases: Cases, to folder: String) throws {
        var texts: [Peer: String] = [:]
        for example in cases {
            for peer in Peer.allCases where example.number.isMultiple(of: peer.stride) {
                guard let expression = peer.expression(example) else { continue }
                let parts = [
                    "\(example.number)", example.zone.table.name, "\(example.start)", "\(Case.until)",
                    "\(Case.instants)", expression,
                ]
                texts[peer, default: ""] += parts.joined(separator: "\t") + "\n"
            }
        }
        for (peer, text) in texts {
            try text.write(toFile: "\(folder)/\(peer).cases", atomically: true, encoding: .utf8)
        }
    }

    /// A case without an answer counts as an error: a driver that stopped half-way is no agreement.
    private static func judge(_ cases: Cases, in folder: String) throws {
        let answers = try Dictionary(
            uniqueKeysWithValues: Peer.allCases.map { ($0, try Answer.read("\(folder)/\($0).answers")) })
        var judge = Judge()
        for example in cases {
            for peer in Peer.allCases where example.number.isMultiple(of: peer.stride) {
                guard peer.expression(example) != nil else { continue }
                guard let answer = answers[peer]?[example.number] else {
                    print("oracle: \(peer) did not answer case \(example.number)")
                    exit(1)
                }
                try judge.compare(answer, of: peer, to: example)
            }
        }
        let lines = try String(contentsOfFile: "\(folder)/versions", encoding: .utf8).split(separator: "\n")
        let versions = Dictionary(
            lines.compactMap { line in
                line.split(separator: "\t").first.flatMap { Peer(rawValue: String($0)) }
                    .map { ($0, String(line.split(separator: "\t")[1])) }
            }, uniquingKeysWith: { $1 })
        let page = Page(judge: judge, seed: cases.seed, cases: cases.count, versions: versions)
        print(page.text, terminator: "")
        for difference in judge.smallest.values { print("\nNot explained, the smallest: \(difference)") }
        exit(page.isWell ? 0 : 1)
    }
}
