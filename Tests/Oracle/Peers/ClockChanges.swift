import ClockWalk
import FoundationEssentials
import Schedules

/// Every change of every zone's clocks, 2000 to 2037.
enum ClockChanges {
    private static let root = "/usr/share/zoneinfo"

    /// The page's text, and whether all was well.
    static func prove() throws -> (page: String, isWell: Bool) {
        var proof = try ClockProof()
        var files: Set<[UInt8]> = []
        var count = 0
        for name in try zones(below: "") {
            guard let data = FileManager.default.contents(atPath: "\(root)/\(name)"), data.starts(with: "TZif".utf8)
            else { continue }
            count += 1
            let bytes = Array(data)
            // Many names stand for one history.
            guard files.insert(bytes).inserted else { continue }
            guard let table = TransitionTable(name: name, tzif: bytes) else {
                return ("\(name): its file does not list its changes until 2037\n", false)
            }
            let zone = try Zone(name: name, tzif: bytes)
            for change in table.changes where ClockProof.years.contains(change.at) {
                proof.compare(change, of: table, in: zone)
            }
        }
        let page = """
            # Clock changes

            `make proof`: all \(count) zones of the database (\(files.count) different files), all \(proof.changes) changes of \
            their clocks from 2000 to 2037.
            Around each (two days on both sides minute by minute, six hours second by second for schedules with seconds) \
            \(WalkedSchedule.all.count) schedules were
            asked under each of the nine policies and their own default: from one occurrence to the next, back the same \
            way, and from
            instants between them. What they must answer was found by visiting every minute or second, working out from \
            the zone's
            file alone what clocks show then, and looking it up in the schedule's definition.

            \(proof.comparisons) answers compared, **\(proof.differing) of \
            \(proof.changes * WalkedSchedule.all.count * 10) walks differ**.

            Schedules: \(WalkedSchedule.all.map { "`\($0.text)`" }.joined(separator: ", ")).

            """
        return (page + proof.differences.map { "- \($0)\n" }.joined(), proof.differing == 0 && proof.changes > 10_000)
    }

    /// `right` counts leap seconds, `posix` repeats the rest.
    private static func zones(below folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").sorted().flatMap { name -> [String] in
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            var isFolder = false
            guard FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder) else { return [] }
            return isFolder ? ["right", "posix"].contains(path) ? [] : try zones(below: path) : [path]
        }
    }
}
