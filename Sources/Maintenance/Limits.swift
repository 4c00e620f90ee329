/// The bounds of this module, each with what it protects.
public enum Limits {
    /// Characters of an answer that are kept beside its digest.
    public static let evidenceExcerpt = 512
    /// Characters of a statement that are kept.
    public static let evidenceStatement = 4000
    /// Entries of evidence a step may keep; a change of ten thousand units stays readable.
    public static let evidencePerStep = 2000
    /// Depth of a condition's nesting.
    public static let conditionDepth = 32
    /// Characters of a condition.
    public static let conditionLength = 2000
    /// Findings that are kept of one step; more are counted in the last one.
    public static let findingsPerStep = 1000
    /// Bytes of the shortest secret that is masked: shorter ones would hide ordinary text.
    public static let shortestMaskedSecret = 4
    /// Items that are kept in a step's details.
    public static let detailsPerStep = 5000
    /// How far a document's time may lie ahead of ours: clocks differ.
    public static let clockDifference: Duration = .seconds(300)
    /// Depth of a JSON document: each level costs stack.
    public static let jsonDepth = 64
    /// Values in a JSON document: a small body can hold very many.
    public static let jsonValues = 200_000
    /// Findings that stand beside a proposed step.
    public static let proposalNotes = 3
    /// Findings that a notice lists; more are counted.
    public static let noticePoints = 10
    /// Characters of a finding's subject in a notice.
    public static let noticeSubject = 200
    /// Characters of a finding's sentence in a notice.
    public static let noticeSentence = 500
    /// Missed occurrences that are listed; more are counted.
    public static let missedListed = 10
    /// Missed occurrences that are counted; then it is said that there are at least so many.
    public static let missedCounted = 1000
    /// Characters of a receipt that are kept.
    public static let receipt = 300
    /// Refused recipients that a receipt lists.
    public static let refusedRecipients = 20
}
