import Maintenance

/// A pattern of keys: `*` is anything but a slash, `**` anything, `?` one character but a slash.
struct KeyGlob: ParameterValue, Hashable {
    private enum Token: Hashable { case one, some, all, exactly(Character) }

    let text: String
    private let tokens: [Token]

    static let typeName = "a pattern of keys such as db-*.sql.gz"

    init(_ text: String) {
        self.text = text
        var tokens: [Token] = []
        for character in text {
            switch (character, tokens.last) {
            case ("*", .some(.some)): tokens[tokens.count - 1] = .all
            case ("*", .some(.all)): break
            case ("*", _): tokens.append(.some)
            case ("?", _): tokens.append(.one)
            default: tokens.append(.exactly(character))
            }
        }
        self.tokens = tokens
    }

    static func read(_ value: PlanValue) throws(ValueError) -> KeyGlob {
        let text = try scalar(value)
        guard !text.isEmpty, text.utf8.count <= 1024 else { throw ValueError("`\(text)` is not \(typeName)") }
        return KeyGlob(text)
    }

    var written: String { text }

    /// In time of the pattern's length times the key's, whatever they hold.
    func matches(_ key: String) -> Bool {
        let key = Array(key)
        // Which beginnings of the key the tokens so far can stand for.
        var reached = [Bool](repeating: false, count: key.count + 1)
        reached[0] = true
        for token in tokens {
            var next = [Bool](repeating: false, count: key.count + 1)
            for index in 0...key.count {
                switch token {
                case .exactly(let character):
                    next[index] = index > 0 && reached[index - 1] && key[index - 1] == character
                case .one: next[index] = index > 0 && reached[index - 1] && key[index - 1] != "/"
                case .some: next[index] = reached[index] || index > 0 && next[index - 1] && key[index - 1] != "/"
                case .all: next[index] = reached[index] || index > 0 && next[index - 1]
                }
            }
            reached = next
        }
        return reached[key.count]
    }
}
