import ClockWalk
import FoundationEssentials
import Schedules

/// A schedule, a zone and an instant, drawn at random.
struct Case {
    let number: Int
    let model: CronModel
    /// For the peer that reads no cron.
    let recurrence: RecurrenceDraw
    let zone: Place
    let start: Int64

    /// How many instants a peer is asked for.
    static let instants = 25
    /// The end of what zone files list.
    static let until: Int64 = ClockProof.years.upperBound - 1
}

/// A zone as the program reads it, and as it is read by hand.
struct Place {
    let zone: Zone
    let table: TransitionTable

    /// Those which are no other name of another one.
    static func all() throws -> [Place] {
        let root = "/usr/share/zoneinfo"
        let list = try String(contentsOfFile: "\(root)/tzdata.zi", encoding: .utf8)
        return try list.split(separator: "\n").filter { $0.hasPrefix("Z ") }.compactMap { line in
            let name = String(line.split(separator: " ")[1])
            guard let data = FileManager.default.contents(atPath: "\(root)/\(name)"),
                let table = TransitionTable(name: name, tzif: Array(data))
            else { return nil }
            return Place(zone: try Zone(name: name, tzif: Array(data)), table: table)
        }
    }
}

struct Cases: Sequence {
    let seed: UInt64
    let count: Int
    private let places: [Place]
    /// Those whose clocks change in these years.
    private let changing: [Place]

    init(seed: UInt64, count: Int) throws {
        self.seed = seed
        self.count = count
        places = try Place.all()
        changing = places.filter { $0.table.changes.filter { ClockProof.years.contains($0.at) }.count > 20 }
    }

    func makeIterator() -> some IteratorProtocol<Case> {
        var draw = Draw(seed: seed)
        return (0..<count).lazy.map { self.draw($0, &draw) }.makeIterator()
    }

    private func draw(_ number: Int, _ draw: inout Draw) -> Case {
        let model = CronModel(&draw)
        let (place, start) = instant(&draw)
        let recurrence = RecurrenceDraw(&draw, at: start + place.table.offset(at: start))
        return Case(number: number, model: model, recurrence: recurrence, zone: place, start: start)
    }

    private func instant(_ draw: inout Draw) -> (Place, Int64) {
        guard draw.percent(70) else { return (draw.one(of: places), Int64(draw.number(946_684_800...2_050_000_000))) }
        // Before a change of the clocks: the odd hours are worth more than the others.
        let place = draw.one(of: changing)
        let change = draw.one(of: place.table.changes.filter { ClockProof.years.contains($0.at) }).at
        let ahead = draw.percent(50) ? draw.number(0...7200) : draw.number(0...172_800)
        return (place, change - Int64(ahead))
    }
}
