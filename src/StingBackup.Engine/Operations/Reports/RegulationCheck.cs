using System.Globalization;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Platform;

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

    public static RegulationEvidence[] Of(BackupReport report, Installation installation, ErasureBook? book)
    {
        var (encryption, trail, drills) = (Encryption(installation), AuditTrail(report, installation), Drills(report));
        return
        [
            Erasure(report, book), encryption with { Regulation = "GDPR", Requirement = "Security of processing (article 32): encryption" },
            Hipaa(installation), AccessControl(report, installation), drills with { Regulation = "HIPAA", Requirement = "Testing of the contingency plan (45 CFR 164.308(a)(7)(ii)(D))" },
            trail, Completeness(report),
            encryption, trail with { Regulation = "PCI-DSS", Requirement = "Access is recorded, and the record protected (requirement 10)" },
        ];
    }

    private static RegulationEvidence Erasure(BackupReport report, ErasureBook? book)
    {
        const string requirement = "Right to erasure (articles 12 and 17): within a month, in backups too";
        if (book is null)
        {
            return new("GDPR", requirement, EvidenceState.NotJudged, "This host has no key directory: make the report where the key directory is.");
        }
        var late = book.Erasures.Count(erasure => erasure.State is ErasureState.Pending or ErasureState.Incomplete && report.CreatedTime - NanosecondTime.FromNs(erasure.RequestedNs, 0) > ErasureTime)
            + report.Erasures!.Count(erasure => erasure.Took > ErasureTime);
        return new("GDPR", requirement, late > 0 ? EvidenceState.NotMet : EvidenceState.Met,
            Text($"{report.Erasures!.Count:N0} ended this month, {report.ErasuresOpen:N0} are open, {late:N0} took or wait longer than {ErasureTime.Days} days. Test-StingDestructionCertificate checks a certificate anywhere."))
        {
            Links = [new("Erasures", ReportPage.LinkTo(ReportPage.Erasures)), .. report.Erasures!.Where(e => e.Certificate.Length > 0).Select(e => new EvidenceLink($"Certificate {e.Id}", e.Certificate))],
        };
    }

    private static RegulationEvidence Hipaa(Installation installation)
    {
        const string requirement = "Records kept for six years (45 CFR 164.316(b)(2)(i))";
        var audit = installation.Retention.ClassDays[DataClass.AuditLogs];
        var evidence = installation.Retention.Profiles.Contains(ComplianceProfile.Hipaa)
            ? new RegulationEvidence("HIPAA", requirement, audit >= HipaaDays ? EvidenceState.Met : EvidenceState.NotMet, Text($"retention.profiles names HIPAA; audit logs are kept for {audit:N0} days. Get-StingRetentionPlan tells what goes when."))
            : new RegulationEvidence("HIPAA", requirement, EvidenceState.NotJudged, Text($"retention.profiles does not name HIPAA; audit logs are kept for {audit:N0} days."));
        return evidence with { Links = [new("Recovery points", ReportPage.LinkTo(ReportPage.RecoveryPoints))] };
    }

    private static RegulationEvidence AccessControl(BackupReport report, Installation installation)
    {
        var refused = report.Access.Where(access => access.Event == AuditEvent.Refused).Sum(access => access.Count);
        return new("HIPAA", "Access control and audit controls (45 CFR 164.312(a) and (b))", installation.Access.IsMapped ? EvidenceState.Met : EvidenceState.NotJudged,
            Text($"{(installation.Access.IsMapped ? "Roles are given (access.*)" : "No roles are given (access.*): whoever runs the program may do all that the host's keys allow")}; {report.Access.Sum(access => access.Count):N0} records this month, {refused:N0} of them refusals."))
        {
            Links = [new("What was done", ReportPage.LinkTo(ReportPage.Access))],
        };
    }

    private static RegulationEvidence Drills(BackupReport report) => new("", "", report.Drills is not { Count: > 0 } drills ? EvidenceState.NotJudged : drills.Succeeded == drills.Count ? EvidenceState.Met : EvidenceState.NotMet,
        report.Drills is not { } told ? "No restore drill was made yet." : Text($"{told.Succeeded:N0} of {told.Count:N0} restore drills of the month succeeded; the last one ended {Display.Time(told.LastTime)}."))
    {
        Links = [new("Figures", ReportPage.LinkTo(ReportPage.Figures))],
    };

    private static RegulationEvidence AuditTrail(BackupReport report, Installation installation) => new("SOX", "Audit trails that cannot be changed, kept for three years",
        report.AuditRecords == 0 ? EvidenceState.NotJudged : report.AuditFaults > 0 || installation.Retention.ClassDays[DataClass.AuditLogs] < AuditDays ? EvidenceState.NotMet : EvidenceState.Met,
        Text($"{report.AuditRecords:N0} records, chained and signed, of which {report.AuditFaults:N0} are not sound; audit logs are kept for {installation.Retention.ClassDays[DataClass.AuditLogs]:N0} days. Test-StingAuditLog proves it, Get-StingAuditEvent shows each."))
    {
        Links = [new("What was done", ReportPage.LinkTo(ReportPage.Access))],
    };

    private static RegulationEvidence Completeness(BackupReport report) => new("SOX", "Records can be had back: backups are whole, and damage is found",
        report.Runs.Total == 0 ? EvidenceState.NotJudged : report.Damage > 0 || report.Classes.Any(c => !c.IsReached) ? EvidenceState.NotMet : EvidenceState.Met,
        Text($"{report.Runs.Completed:N0} of {report.Runs.Total:N0} runs were whole; {report.Classes.Count(c => c.IsReached):N0} of {report.Classes.Count:N0} data classes reached their objective; {report.Damage:N0} objects are damaged or missing."))
    {
        Links = [new("Recovery points", ReportPage.LinkTo(ReportPage.RecoveryPoints)), new("Runs that were not whole", ReportPage.LinkTo(ReportPage.NotWhole))],
    };

    private static RegulationEvidence Encryption(Installation installation)
    {
        const string requirement = "Encryption, and keys that are renewed (requirement 3)";
        if (installation.Keys is not { HasKeyDirectory: true } keys || installation.Configuration is not { } configuration)
        {
            return new("PCI-DSS", requirement, EvidenceState.NotJudged, "Everything is AES-256-GCM; how old keys are shows where the key directory is.");
        }
        var overdue = KeyAges.Overdue(keys, configuration.Keys.RotateDays, installation.Clock.GetUtcNow());
        var isOpen = keys.Protection == KeyFileProtection.Open;
        return new("PCI-DSS", requirement, overdue.Count > 0 || isOpen ? EvidenceState.NotMet : EvidenceState.Met,
            Text($"Everything is AES-256-GCM under a key for each subject. {(isOpen ? "The key file is not protected. " : "")}{(overdue.Count > 0 ? string.Join(' ', overdue) : $"No key is older than keys.rotate_days ({configuration.Keys.RotateDays}).")} Get-StingKey shows them."));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
