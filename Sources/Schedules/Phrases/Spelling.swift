/// Finds what was probably meant by a misspelt word.
enum Spelling {
    /// The candidate of which at most a third of the letters differ, or that the word begins.
    static func closest(_ word: String, among candidates: [String]) -> String? {
        if let same = candidates.first(where: { $0.lowercased() == word.lowercased() }) { return same }
        let word = Array(word.lowercased().utf8.prefix(64))
        if word.count >= 3, let whole = candidates.first(where: { $0.lowercased().utf8.starts(with: word) }) {
            return whole
        }
        return
            candidates
            .map { (candidate: $0, distance: distance(word, Array($0.lowercased().utf8))) }
            .filter { $0.distance <= max(1, $0.candidate.utf8.count / 3) }
            .min { $0.distance < $1.distance }?.candidate
    }

    /// Letters to insert, remove or replace (Levenshtein).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let replaced = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
            }
        }
        return row[right.count]
    }
}
