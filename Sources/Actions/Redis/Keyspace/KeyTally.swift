import Maintenance

/// What a pass over the keys adds up.
struct KeyTally {
    let questions: KeyQuestions
    private(set) var total = KeyWeight()
    private(set) var repeats = 0
    /// Keys that went between being found and being asked.
    private(set) var gone = 0
    private(set) var largest: LargestKeys
    private(set) var prefixes: PrefixTree
    /// Names of keys that never expire, the first that came.
    private(set) var lasting: [[UInt8]] = []
    private var distinct = DistinctKeys(most: RedisActionLimits.distinctKeys)
    private var types: [(name: [UInt8], weight: KeyWeight)] = []
    private var lives: KeyClasses
    private var uses: KeyClasses

    init(_ questions: KeyQuestions, largest: Int, separator: UInt8, depth: Int) {
        self.questions = questions
        self.largest = LargestKeys(largest)
        prefixes = PrefixTree(separator: separator, depth: depth)
        lives = KeyClasses(KeyClasses.lives)
        uses = KeyClasses(questions.countsUses ? KeyClasses.frequencies : KeyClasses.idle)
    }

    var repeatsAreKnown: Bool { distinct.isComplete }

    /// False of a key that came before.
    mutating func isNew(_ key: [UInt8]) -> Bool {
        if distinct.insert(key) { return true }
        repeats += 1
        return false
    }

    mutating func lost() { gone += 1 }

    mutating func add(_ key: [UInt8], _ facts: KeyFacts) {
        let bytes = facts.bytes ?? 0
        let isLasting = facts.ttl == -1
        total.add(bytes, isLasting: isLasting)
        prefixes.add(key, bytes, isLasting: isLasting)
        if let type = facts.type { add(type, bytes, isLasting) }
        if let ttl = facts.ttl { lives.add(ttl < 0 ? .max : ttl, bytes, isLasting) }
        if let idle = facts.idle { uses.add(idle, bytes, isLasting) }
        if facts.bytes != nil {
            largest.add(key, bytes, type: String(decoding: facts.type ?? [], as: UTF8.self))
        }
        if isLasting, lasting.count < RedisActionLimits.lastingSample { lasting.append(key) }
    }

    private mutating func add(_ type: [UInt8], _ bytes: Int64, _ isLasting: Bool) {
        var place = types.firstIndex { $0.name == type }
        if place == nil {
            // Modules bring types of their own; what comes after too many of them is told as one.
            let name = types.count < RedisActionLimits.types ? type : Array("others".utf8)
            place = types.firstIndex { $0.name == name }
            if place == nil {
                types.append((name, KeyWeight()))
                place = types.count - 1
            }
        }
        if let place { types[place].weight.add(bytes, isLasting: isLasting) }
    }

    /// By type, by time to live, by use: each adds up to the whole.
    var classes: [(group: String, name: String, weight: KeyWeight)] {
        types.sorted { $0.weight.bytes > $1.weight.bytes }.map {
            ("type", String(decoding: $0.name, as: UTF8.self), $0.weight)
        }
            + lives.filled.map { ("ttl", $0, $1) }
            + uses.filled.map { (questions.countsUses ? "frequency" : "idle", $0, $1) }
    }
}

/// Keys by the size of a number, each class up to its bound.
struct KeyClasses {
    private let bounds: [(name: String, below: Int64)]
    private var weights: [KeyWeight]

    init(_ bounds: [(name: String, below: Int64)]) {
        self.bounds = bounds
        weights = Array(repeating: KeyWeight(), count: bounds.count)
    }

    mutating func add(_ number: Int64, _ bytes: Int64, _ isLasting: Bool) {
        let place = bounds.firstIndex { number < $0.below } ?? bounds.count - 1
        weights[place].add(bytes, isLasting: isLasting)
    }

    var filled: [(String, KeyWeight)] { zip(bounds, weights).filter { $1.keys > 0 }.map { ($0.name, $1) } }

    /// In milliseconds.
    static let lives: [(name: String, below: Int64)] = [
        ("under 1m", 60_000), ("under 1h", 3_600_000), ("under 1d", 86_400_000), ("under 7d", 604_800_000),
        ("7d and more", .max), ("never", .max),
    ]
    /// In seconds.
    static let idle: [(name: String, below: Int64)] = [
        ("under 1m", 60), ("under 1h", 3600), ("under 1d", 86_400), ("under 7d", 604_800), ("under 30d", 2_592_000),
        ("30d and more", .max),
    ]
    /// On the server's logarithmic scale from 0 to 255.
    static let frequencies: [(name: String, below: Int64)] = [
        ("0", 1), ("1 to 9", 10), ("10 to 99", 100), ("100 and more", .max),
    ]
}
