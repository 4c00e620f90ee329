/// A ustar archive of plain files, in the one form that we write: every byte of it follows from the names and contents,
/// so that a byte that was altered is found wherever it stands. Any tar program unpacks it.
enum Tape {
    struct Member: Hashable, Sendable {
        let name: String
        let bytes: [UInt8]
    }

    private static let block = 512

    static func write(_ members: [Member]) -> [UInt8] {
        var tape: [UInt8] = []
        tape.reserveCapacity(members.reduce(2 * block) { $0 + $1.bytes.count + 2 * block })
        for member in members {
            tape += header(Array(member.name.utf8), size: member.bytes.count)
            tape += member.bytes
            tape += [UInt8](repeating: 0, count: padding(after: member.bytes.count))
        }
        return tape + [UInt8](repeating: 0, count: 2 * block)
    }

    /// The members in their order. Nothing is written anywhere: names are compared and never opened.
    static func read(_ tape: [UInt8]) throws(BrokenLink) -> [Member] {
        var members: [Member] = []
        var start = 0
        while true {
            guard tape.count - start >= block else {
                throw BrokenLink("the file's end", "it is cut off at byte \(tape.count)")
            }
            if tape[start..<(start + block)].allSatisfy({ $0 == 0 }) { break }
            guard members.count < EvidenceLimits.members else {
                throw BrokenLink("member \(members.count + 1)", "more than \(EvidenceLimits.members) are no bundle")
            }
            let member = try member(of: tape, at: start, number: members.count + 1)
            members.append(member)
            start += block + member.bytes.count + padding(after: member.bytes.count)
        }
        guard tape.count == start + 2 * block, tape[start...].allSatisfy({ $0 == 0 }) else {
            let what = tape.count < start + 2 * block ? "it is cut off" : "something follows where the bundle ends"
            throw BrokenLink("the file's end", "\(what), from byte \(min(start + 2 * block, tape.count)) on")
        }
        return members
    }

    private static func member(of tape: [UInt8], at start: Int, number: Int) throws(BrokenLink) -> Member {
        let name = Array(tape[start..<(start + EvidenceLimits.name)].prefix { $0 != 0 })
        let text = String(decoding: name, as: UTF8.self)
        let link = isPlain(name) ? "member \(number), \(text)" : "member \(number)"
        guard isPlain(name) else {
            throw BrokenLink(link, "its name at byte \(start) is none that a bundle has")
        }
        guard let size = octal(tape[(start + 124)..<(start + 135)]),
            Array(tape[start..<(start + block)]) == header(name, size: size)
        else { throw BrokenLink(link, "its header at byte \(start) was altered") }
        let end = start + block + size
        guard end + padding(after: size) <= tape.count else {
            throw BrokenLink(link, "it says \(size) bytes and the file ends before them, at byte \(tape.count)")
        }
        guard tape[end..<(end + padding(after: size))].allSatisfy({ $0 == 0 }) else {
            throw BrokenLink(link, "the padding behind it, from byte \(end) on, was altered")
        }
        return Member(name: text, bytes: Array(tape[(start + block)..<end]))
    }

    /// Letters, digits, `-`, `_`, and `.` and `/` inside: a name that leads nowhere else.
    static func isPlain(_ name: [UInt8]) -> Bool {
        guard !name.isEmpty, name.count <= EvidenceLimits.name else { return false }
        return name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.first != UInt8(ascii: ".")
                && part.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                        true
                    default: false
                    }
                }
        }
    }

    private static func header(_ name: [UInt8], size: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: block)
        func put(_ bytes: [UInt8], at start: Int) { header.replaceSubrange(start..<(start + bytes.count), with: bytes) }
        put(name, at: 0)
        put(digits(0o644, 7), at: 100)
        put(digits(0, 7), at: 108)
        put(digits(0, 7), at: 116)
        put(digits(size, 11), at: 124)
        put(digits(0, 11), at: 136)
        put([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148)
        put([UInt8(ascii: "0")], at: 156)
        put(Array("ustar\u{0}00".utf8), at: 257)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(digits(sum, 6) + [0], at: 148)
        return header
    }

    private static func digits(_ value: Int, _ count: Int) -> [UInt8] {
        let text = Array(String(value, radix: 8).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, count - text.count)) + text
    }

    private static func octal(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 8 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func padding(after size: Int) -> Int { (block - size % block) % block }
}
