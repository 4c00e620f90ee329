import Maintenance

/// A regular expression over lines of a log.
struct LogPattern: ParameterValue, Hashable {
    let text: String

    static var typeName: String { "a regular expression such as ERROR|FATAL" }

    static func read(_ value: PlanValue) throws(ValueError) -> LogPattern {
        let text = try scalar(value)
        guard !text.isEmpty, text.utf8.count <= KubernetesActionLimits.patternBytes else {
            throw ValueError("a pattern has between 1 and \(KubernetesActionLimits.patternBytes) bytes")
        }
        do {
            let regex = try Regex(text)
            guard try regex.firstMatch(in: "") == nil else {
                throw ValueError("`\(text)` matches an empty line, so every line would be an error")
            }
        } catch let error as ValueError {
            throw error
        } catch {
            throw ValueError("`\(text)` is not \(typeName)")
        }
        return LogPattern(text: text)
    }

    var written: String { text }
}

/// Judges the lines of one container's log, one after the other.
struct LineJudge {
    private let pattern: Regex<AnyRegexOutput>?
    private let except: Regex<AnyRegexOutput>?
    private let errors: ErrorPattern
    private var wasError = false

    init(pattern: LogPattern?, except: LogPattern?, errors: ErrorPattern) throws {
        self.pattern = try pattern.map { try Regex($0.text) }
        self.except = try except.map { try Regex($0.text) }
        self.errors = errors
    }

    /// A line that begins a trace is part of the error before it, and one by itself where there is none.
    mutating func isError(_ line: ArraySlice<UInt8>) throws -> Bool {
        let follows = wasError
        wasError = try judge(line, follows: follows)
        return wasError
    }

    private func judge(_ line: ArraySlice<UInt8>, follows: Bool) throws -> Bool {
        let isMatch: Bool
        if let pattern {
            isMatch = try pattern.firstMatch(in: String(decoding: line, as: UTF8.self)) != nil
        } else {
            isMatch = errors.isError(line) || !errors.levelsOnly && !follows && ErrorPattern.isTrace(line)
        }
        guard isMatch, let except else { return isMatch }
        return try except.firstMatch(in: String(decoding: line, as: UTF8.self)) == nil
    }
}
