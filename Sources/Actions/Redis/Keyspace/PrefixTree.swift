/// What keys weigh, with what they have in common.
struct KeyWeight: Hashable, Sendable {
    var keys = 0
    var bytes: Int64 = 0
    /// Keys that never expire.
    var lasting = 0

    mutating func add(_ bytes: Int64, isLasting: Bool) {
        keys += 1
        self.bytes += bytes
        if isLasting { lasting += 1 }
    }
}

/// Keys by their prefixes, as deep as asked: `user:*:`. Numbers and long hexadecimal words, which name single things, are
/// one branch; so is what comes after too many others. Its size is bounded, whatever the keys are.
struct PrefixTree {
    private struct Node {
        let prefix: [UInt8]
        var weight = KeyWeight()
        var children = 0
    }

    private var nodes: [Node] = []
    /// By the parent and the word.
    private var places: [Int: Int] = [:]
    private let separator: UInt8
    private let depth: Int

    init(separator: UInt8, depth: Int) {
        self.separator = separator
        self.depth = depth
        nodes.append(Node(prefix: []))
    }

    mutating func add(_ key: [UInt8], _ bytes: Int64, isLasting: Bool) {
        var parent = 0
        var start = 0
        var level = 0
        nodes[0].weight.add(bytes, isLasting: isLasting)
        while level < depth, let end = key[start...].firstIndex(of: separator) {
            guard let child = child(of: parent, key[start..<end]) else { return }
            nodes[child].weight.add(bytes, isLasting: isLasting)
            parent = child
            start = end + 1
            level += 1
        }
    }

    private mutating func child(of parent: Int, _ word: ArraySlice<UInt8>) -> Int? {
        if !Self.isName(word) { return child(of: parent, named: Self.any) }
        if let known = places[Self.hash(parent, word)] { return known }
        let isFull = nodes[parent].children >= RedisActionLimits.prefixBranches
        return child(of: parent, named: isFull ? Self.any : word)
    }

    private mutating func child(of parent: Int, named word: ArraySlice<UInt8>) -> Int? {
        let hash = Self.hash(parent, word)
        if let known = places[hash] { return known }
        guard nodes.count < RedisActionLimits.prefixes else { return nil }
        let prefix = nodes[parent].prefix + word.prefix(RedisActionLimits.shownName) + [separator]
        nodes.append(Node(prefix: prefix))
        nodes[parent].children += 1
        places[hash] = nodes.count - 1
        return nodes.count - 1
    }

    private static let any = ArraySlice("*".utf8)

    private static func hash(_ parent: Int, _ word: ArraySlice<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(parent)
        word.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    /// False of a number, a date, a hash or a UUID.
    private static func isName(_ word: ArraySlice<UInt8>) -> Bool {
        var digits = 0
        var letters = 0
        for byte in word {
            switch byte {
            case 48...57: digits += 1
            case 97...102, 65...70: letters += 1
            case UInt8(ascii: "-"): break
            default: return true
            }
        }
        return digits == 0 || (letters > 0 && word.count < 8)
    }

    /// The heaviest prefixes.
    func heaviest(_ count: Int) -> [(prefix: [UInt8], weight: KeyWeight)] {
        let sorted = nodes.dropFirst().sorted {
            ($0.weight.bytes, $0.weight.keys) > ($1.weight.bytes, $1.weight.keys)
        }
        return sorted.prefix(count).map { ($0.prefix, $0.weight) }
    }
}
