import ClientPostgreSQL
import Maintenance

extension Reindex {
    /// Leaves out the valid indexes of which a rebuild would free too little, and those of which nobody can tell.
    func leaveLean(
        _ found: inout [FoundIndex], _ access: PostgreSQLAccess, _ context: Context
    ) async throws -> [Finding] {
        let survey = BloatSurvey(
            names: Array(Set(found.filter(\.isValid).map(\.tableName))), except: [], leastBytes: 0,
            readBytes: PostgreSQLActionLimits.bloatRead)
        let relations = try await survey.read(access, in: context).filter { $0.kind == .index }
        let bloat = Dictionary(relations.map { ($0.relation, $0) }) { first, _ in first }
        var unknown: [(index: FoundIndex, cause: Cause?)] = []
        found.removeAll { index in
            guard index.isValid else { return false }
            guard let relation = bloat[index.quoted], let bytes = relation.bloatBytes,
                let percent = relation.bloatPercent
            else {
                if index.bytes >= Double(ignoreBelow.bytes) { unknown.append((index, bloat[index.quoted]?.cause)) }
                return true
            }
            return percent < bloatAbove.percent || Double(bytes) < Double(ignoreBelow.bytes)
        }
        return unknown.map { index, cause in
            let why = cause.map { ": \($0.sentence)" } ?? ""
            return Finding(
                index.name, .warn, Cause(cause?.code ?? .noData, "Its bloat is not known, so it is left\(why)."),
                advice: "Let the role read its table, or name it in a step with `which: all`.")
        }
    }
}
