import FoundationEssentials

/// What a peer said of a case.
struct Answer {
    enum End: Equatable {
        case count, until, none
        case error(String)
    }

    let number: Int
    let instants: [Int64]
    let end: End

    /// A line as the drivers write it.
    init?(_ line: Substring) {
        let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard parts.count == 3, let number = Int(parts[0]) else { return nil }
        self.number = number
        instants = parts[1].split(separator: " ").compactMap { Int64($0) }
        switch parts[2] {
        case "count": end = .count
        case "until": end = .until
        case "none": end = .none
        default: end = .error(String(parts[2].dropFirst("error ".count)))
        }
    }

    static func read(_ path: String) throws -> [Int: Answer] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return Dictionary(
            text.split(separator: "\n").compactMap { Answer($0) }.map { ($0.number, $0) }, uniquingKeysWith: { $1 })
    }
}
