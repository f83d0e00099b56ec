using System.Globalization;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>What regulations ask of backups, and what of the installation shows that it is kept. No auditor's judgement: it says where the evidence is.</summary>
internal static class RegulationCheck
{
    /// <summary>Article 12 of the GDPR: without undue delay, and within a month.</summary>
    private static readonly TimeSpan ErasureTime = TimeSpan.FromDays(30);
    /// <summary>Six years, as 45 CFR 164.316(b)(2)(i) asks for documentation.</summary>
    private const int HipaaDays = 6 * 365;
    /// <summary>Three years and a leap day.</summary>
    private const int AuditDays = 3 * 365;

    public static RegulationEvidence[] Of(BackupReport report, Installation installation, ErasureBook? book) =>
    [
        Erasure(report, book), Hipaa(installation), AuditTrail(report, installation), Encryption(installation),
    ];

    private static RegulationEvidence Erasure(BackupReport report, ErasureBook? book)
    {
        const string requirement = "Right to erasure: within a month, in backups too";
        if (book is null)
        {
            return new("GDPR", requirement, EvidenceState.NotJudged, "This host has no key directory: make the report where the key directory is.");
        }
        var late = book.Erasures.Count(erasure => erasure.State is ErasureState.Pending or ErasureState.Incomplete && report.CreatedTime - Installation.FromNs(erasure.RequestedNs, 0) > ErasureTime)
            + report.Erasures!.Count(erasure => erasure.Took > ErasureTime);
        return new("GDPR", requirement, late > 0 ? EvidenceState.NotMet : EvidenceState.Met,
            Text($"{report.Erasures!.Count:N0} ended this month, {report.ErasuresOpen:N0} are open, {late:N0} took or wait longer than {ErasureTime.Days} days. Get-StingErasure names their certificates."));
    }

    private static RegulationEvidence Hipaa(Installation installation)
    {
        const string requirement = "Records kept for six years";
        var audit = installation.Retention.ClassDays[DataClass.AuditLogs];
        return installation.Retention.Profiles.Contains(ComplianceProfile.Hipaa)
            ? new("HIPAA", requirement, audit >= HipaaDays ? EvidenceState.Met : EvidenceState.NotMet, Text($"retention.profiles names HIPAA; audit logs are kept for {audit:N0} days. Get-StingRetentionPlan tells what goes when."))
            : new("HIPAA", requirement, EvidenceState.NotJudged, Text($"retention.profiles does not name HIPAA; audit logs are kept for {audit:N0} days."));
    }

    private static RegulationEvidence AuditTrail(BackupReport report, Installation installation) => new("SOX", "Audit trails that cannot be changed",
        report.AuditRecords == 0 ? EvidenceState.NotJudged : report.AuditFaults > 0 || installation.Retention.ClassDays[DataClass.AuditLogs] < AuditDays ? EvidenceState.NotMet : EvidenceState.Met,
        Text($"{report.AuditRecords:N0} records, chained and signed, of which {report.AuditFaults:N0} are not sound; audit logs are kept for {installation.Retention.ClassDays[DataClass.AuditLogs]:N0} days. Get-StingAuditEvent shows each."));

    private static RegulationEvidence Encryption(Installation installation)
    {
        const string requirement = "Encryption, and keys that are renewed";
        if (installation.Keys is not { HasKeyDirectory: true } keys || installation.Configuration is not { } configuration)
        {
            return new("PCI-DSS", requirement, EvidenceState.NotJudged, "Everything is AES-256-GCM; how old keys are shows where the key directory is.");
        }
        var overdue = KeyAges.Overdue(keys, configuration.Keys.RotateDays, installation.Clock.GetUtcNow());
        var isOpen = keys.Protection == Cryptography.KeyFileProtection.Open;
        return new("PCI-DSS", requirement, overdue.Count > 0 || isOpen ? EvidenceState.NotMet : EvidenceState.Met,
            Text($"Everything is AES-256-GCM under a key for each subject. {(isOpen ? "The key file is not protected. " : "")}{(overdue.Count > 0 ? string.Join(' ', overdue) : $"No key is older than keys.rotate_days ({configuration.Keys.RotateDays}).")} Get-StingKey shows them."));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
