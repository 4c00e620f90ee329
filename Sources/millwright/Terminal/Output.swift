import Glibc
import Maintenance
import Synchronization

/// The only place that writes to the terminal: text for a person or JSON for a program on stdout, diagnostics on stderr.
enum Output {
    private static let lock = Mutex(())

    static let isTerminal = isatty(STDOUT_FILENO) == 1
    /// Colour only on a terminal, and not where NO_COLOR asks for none (https://no-color.org).
    static let hasColour = isTerminal && getenv("NO_COLOR") == nil

    static func line(_ text: String = "") { raw(text + "\n") }

    static func raw(_ text: String) { write(STDOUT_FILENO, text) }

    static func diagnostic(_ text: String) { write(STDERR_FILENO, text.hasSuffix("\n") ? text : text + "\n") }

    static func json(_ value: some Encodable) throws {
        line(String(decoding: try encodeJSON(value, pretty: true), as: UTF8.self))
    }

    private static func write(_ descriptor: Int32, _ text: String) {
        lock.withLock { _ in
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                // A reader that has gone (`| head`) is no error of ours.
                guard count > 0 || errno == EINTR else { return }
                bytes = bytes.dropFirst(max(0, count))
            }
        }
    }
}

/// Words on a screen with the colours of the verdicts.
enum Style {
    static func verdict(_ verdict: Verdict?, _ text: String) -> String {
        switch verdict {
        case .pass?: colour(32, text)
        case .warn?: colour(33, text)
        case .fail?: colour(31, text)
        case .unknown?: colour(35, text)
        case nil: colour(2, text)
        }
    }

    static func sign(_ verdict: Verdict?) -> String {
        let sign =
            switch verdict {
            case .pass?: "✓"
            case .warn?: "!"
            case .fail?: "✗"
            case .unknown?: "?"
            case nil: "–"
            }
        return Self.verdict(verdict, sign)
    }

    static func strong(_ text: String) -> String { colour(1, text) }

    static func soft(_ text: String) -> String { colour(2, text) }

    private static func colour(_ code: Int, _ text: String) -> String {
        Output.hasColour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    /// Text from a target without control characters: it must not steer the terminal.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map {
                    $0.properties.generalCategory == .control || $0.properties.isBidiControl ? " " : $0
                }))
    }
}
