namespace StingBackup;

/// <summary>What an audit record tells. Stored in the record: never renumber.</summary>
public enum AuditEvent
{
    /// <summary>Somebody asked for something dangerous, and had no approval.</summary>
    Requested = 1,
    /// <summary>An approval was found good, and the deed begins. Never without the approval itself.</summary>
    Approved = 2,
    /// <summary>An approval was found, and was not good.</summary>
    Refused = 3,
    /// <summary>The deed was done.</summary>
    Executed = 4,
    /// <summary>The deed failed, or was stopped.</summary>
    Failed = 5,
    /// <summary>Somebody denied the request.</summary>
    Denied = 6,
    /// <summary>Something that needs no approval, and is kept on record.</summary>
    Noted = 7,
    /// <summary>The deed begins without its approvals: somebody broke the glass.</summary>
    BrokeGlass = 8,
    /// <summary>An approval was taken back.</summary>
    Revoked = 9,
}

/// <summary>How an audit record stands in its chain.</summary>
public enum AuditState
{
    /// <summary>Signed by its writer, and in its place.</summary>
    Sound,
    /// <summary>Its bytes are not what its writer signed.</summary>
    Damaged,
    /// <summary>It is not there, although its writer went on or a restore point saw it.</summary>
    Missing,
    /// <summary>It is signed, but what follows or saw it names another one, or it says approved without an approval.</summary>
    Tampered,
}

/// <summary>One record of the audit chain, checked.</summary>
public sealed record AuditEntry
{
    /// <summary>Its number in its writer's chain, from 1.</summary>
    public required long Sequence { get; init; }
    /// <summary>When it was written; null where the record cannot be read.</summary>
    public DateTimeOffset? Time { get; init; }
    /// <summary>What it tells; null where the record cannot be read.</summary>
    public AuditEvent? Event { get; init; }
    /// <summary>The command that it is about.</summary>
    public string Command { get; init; } = "";
    /// <summary>Who ran it: account and host.</summary>
    public string Actor { get; init; } = "";
    /// <summary>How it ended, or the id of the error; empty where there is nothing to tell.</summary>
    public string Outcome { get; init; } = "";
    /// <summary>The request that it belongs to, or null.</summary>
    public string? RequestId { get; init; }
    /// <summary>SHA-256 of the plan, or null.</summary>
    public string? PlanDigest { get; init; }
    /// <summary>Pseudonyms and other ids that the plan touches; never names.</summary>
    public IReadOnlyList<string> Subjects { get; init => field = Indexable.Of(value); } = [];
    /// <summary>Ids of the approvers whose approvals it holds.</summary>
    public IReadOnlyList<string> Approvers { get; init => field = Indexable.Of(value); } = [];
    /// <summary>Whether it is what it should be.</summary>
    public required AuditState State { get; init; }
    /// <summary>What is wrong with it, or null.</summary>
    public string? Problem { get; init; }
    /// <summary>Whose chain it stands in: a host's writer id, or that of the key role.</summary>
    public required string Writer { get; init; }
    /// <summary>The host's name, or <c>key role</c>.</summary>
    public required string WriterName { get; init; }
    /// <summary>The object's name.</summary>
    public required string Object { get; init; }
}

/// <summary>How audit records are written to a file.</summary>
public enum AuditFormat
{
    /// <summary>A JSON object a line, as Get-StingAuditEvent has it.</summary>
    JsonLines,
    /// <summary>Comma-separated values, with a line of names.</summary>
    Csv,
    /// <summary>An event of the Open Cybersecurity Schema Framework a line: class API Activity.</summary>
    Ocsf,
}

/// <summary>What a look at the whole audit log found.</summary>
public sealed record AuditLogCheck
{
    /// <summary>Whether every record of every chain is sound.</summary>
    public required bool IsSound { get; init; }
    /// <summary>Records that are there.</summary>
    public required long Records { get; init; }
    /// <summary>Chains: one a host, and one of the key role.</summary>
    public required int Chains { get; init; }
    /// <summary>Records that are damaged, missing or tampered with.</summary>
    public required long Bad { get; init; }
    /// <summary>The first of them, or null.</summary>
    public AuditEntry? FirstBad { get; init; }
    /// <summary>Heads of chains that restore points anchor.</summary>
    public required long Anchors { get; init; }
    /// <summary>What was done without its approvals and nobody has reviewed.</summary>
    public required IReadOnlyList<OpenReview> OpenReviews { get; init => field = Indexable.Of(value); }
}

/// <summary>How a request for an approval stands.</summary>
public enum ApprovalState
{
    /// <summary>Nobody asked yet.</summary>
    NotRequested,
    /// <summary>It waits for an approver.</summary>
    Open,
    /// <summary>It has a good approval, and may be carried out once.</summary>
    Approved,
    /// <summary>Its approval is not good.</summary>
    Refused,
    /// <summary>Somebody denied it.</summary>
    Denied,
    /// <summary>Its time is over.</summary>
    Expired,
    /// <summary>It was carried out.</summary>
    Used,
}

/// <summary>One line of a plan: what decides what happens.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">As text.</param>
public sealed record PlanFact(string Name, string Value)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Value}";
}

/// <summary>A request for an approval: the plan as its approver sees it.</summary>
public sealed record ApprovalRequest
{
    /// <summary>Its id, 32 hexadecimal digits.</summary>
    public required string Id { get; init; }
    /// <summary>How it stands; for a copied file, what the file alone tells.</summary>
    public required ApprovalState State { get; init; }
    /// <summary>The command that asks.</summary>
    public required string Command { get; init; }
    /// <summary>What it would act on.</summary>
    public required string Target { get; init; }
    /// <summary>What exactly would happen.</summary>
    public required IReadOnlyList<PlanFact> Facts { get; init => field = Indexable.Of(value); }
    /// <summary>Who asked: account and host.</summary>
    public required string Requester { get; init; }
    /// <summary>The host's writer id.</summary>
    public required string Writer { get; init; }
    /// <summary>The reserve.</summary>
    public required string ReserveId { get; init; }
    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedTime { get; init; }
    /// <summary>Until when it may be approved and carried out.</summary>
    public required DateTimeOffset ExpiresTime { get; init; }
    /// <summary>SHA-256 of the plan in its canonical form.</summary>
    public required string PlanDigest { get; init; }
    /// <summary>The file, which may be copied to the approver.</summary>
    public required string Path { get; init; }
    /// <summary>Why it is refused, or null.</summary>
    public string? Problem { get; init; }
    /// <summary>Why it was denied, as whoever denied it said; null where nobody said, or it was not.</summary>
    public string? Reason { get; init; }
    /// <summary>How many must approve it.</summary>
    public int Needed { get; init; } = 1;
    /// <summary>How many good approvals lie beside it.</summary>
    public int Given { get; init; }
}

/// <summary>What an approval would be: printed by <c>-WhatIf</c>.</summary>
public sealed record ApprovalPlan
{
    /// <summary>What would be approved.</summary>
    public required ApprovalRequest Request { get; init; }
    /// <summary>The approver's key file.</summary>
    public required string KeyFile { get; init; }
    /// <summary>The file that would be written, to be put beside the request on the host that asked.</summary>
    public required string ApprovalFile { get; init; }
}

/// <summary>What taking approvals back would end: printed by <c>-WhatIf</c>.</summary>
public sealed record ApprovalRevocationPlan
{
    /// <summary>What was approved.</summary>
    public required ApprovalRequest Request { get; init; }
    /// <summary>Ids of the approvers whose approvals would count no more.</summary>
    public required IReadOnlyList<string> Approvers { get; init => field = Indexable.Of(value); }
}

/// <summary>What closing a review would say: printed by <c>-WhatIf</c>.</summary>
public sealed record ReviewPlan
{
    /// <summary>What was done.</summary>
    public required OpenReview Review { get; init; }
    /// <summary>What exactly, and why, as it was told then.</summary>
    public required IReadOnlyList<PlanFact> Facts { get; init => field = Indexable.Of(value); }
    /// <summary>How the approval of its closing stands.</summary>
    public ApprovalState? Approval { get; init; }
}

/// <summary>An approval that was signed.</summary>
public sealed record ApprovalResult
{
    /// <summary>The request.</summary>
    public required string RequestId { get; init; }
    /// <summary>The command that may go on.</summary>
    public required string Command { get; init; }
    /// <summary>Who approved.</summary>
    public required string ApproverId { get; init; }
    /// <summary>The file, to be put beside the request on the host that asked.</summary>
    public required string ApprovalFile { get; init; }
    /// <summary>Until when it holds.</summary>
    public required DateTimeOffset ExpiresTime { get; init; }
}

/// <summary>Whether an approver counts.</summary>
public enum ApproverState
{
    /// <summary>His approvals count.</summary>
    Enrolled,
    /// <summary>They do not count any more.</summary>
    Revoked,
}

/// <summary>An approver as the key role enrolled him.</summary>
public sealed record Approver
{
    /// <summary>His id: the first 32 digits of the fingerprint.</summary>
    public required string Id { get; init; }
    /// <summary>What he is called. It lies in the clear: an office rather than a person.</summary>
    public required string Name { get; init; }
    /// <summary>Whether he counts.</summary>
    public required ApproverState State { get; init; }
    /// <summary>When he was enrolled.</summary>
    public required DateTimeOffset CreatedTime { get; init; }
    /// <summary>When he was revoked, or null.</summary>
    public DateTimeOffset? RevokedTime { get; init; }
    /// <summary>SHA-256 of his public key, 64 hexadecimal digits.</summary>
    public required string Fingerprint { get; init; }
}

/// <summary>What making an approver's key would write.</summary>
public sealed record NewApproverPlan
{
    /// <summary>What the approver is called.</summary>
    public required string Name { get; init; }
    /// <summary>The key file, sealed by the approver's own passphrase.</summary>
    public required string KeyFile { get; init; }
    /// <summary>The public half, for Register-StingApprover.</summary>
    public required string PublicFile { get; init; }
}

/// <summary>An approver's key that was made.</summary>
public sealed record NewApproverResult
{
    /// <summary>His id.</summary>
    public required string Id { get; init; }
    /// <summary>What he is called.</summary>
    public required string Name { get; init; }
    /// <summary>SHA-256 of his public key: compare it by another way before it is registered.</summary>
    public required string Fingerprint { get; init; }
    /// <summary>The key file, which only the approver keeps.</summary>
    public required string KeyFile { get; init; }
    /// <summary>The public half, for Register-StingApprover.</summary>
    public required string PublicFile { get; init; }
}

/// <summary>What enrolling or revoking an approver would do.</summary>
public sealed record ApproverPlan
{
    /// <summary>The command.</summary>
    public required string Command { get; init; }
    /// <summary>The approver.</summary>
    public required string ApproverId { get; init; }
    /// <summary>What he is called.</summary>
    public required string Name { get; init; }
    /// <summary>SHA-256 of his public key.</summary>
    public required string Fingerprint { get; init; }
    /// <summary>How its approval stands; null for the first approver, whom the key role enrols alone.</summary>
    public ApprovalState? Approval { get; init; }

    /// <summary>65 bytes, for the engine.</summary>
    internal byte[] PublicKey { get; init; } = [];
}
