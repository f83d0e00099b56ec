using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.People;

/// <summary>What the audit log tells of some subjects in a time. Records of everybody's data name nobody, and are nobody's.</summary>
internal sealed class OwnDeeds
{
    public OwnDeeds(AuditChains chains, IReadOnlySet<Id16> own, DateTimeOffset from, DateTimeOffset to)
    {
        foreach (var record in chains.Records.Where(r => r.Subjects.Any(own.Contains) && r.TimeNs >= NanosecondTime.ToNs(from) && r.TimeNs < NanosecondTime.ToNs(to)))
        {
            if (record.Verb == OwnTrail.Read)
            {
                Openings++;
            }
            else if (record.Verb.StartsWith("Restore-", StringComparison.Ordinal) && record.Event is AuditEvent.Noted or AuditEvent.Executed or AuditEvent.Failed or AuditEvent.Refused)
            {
                var isDone = record.Event is AuditEvent.Noted or AuditEvent.Executed && record.Outcome is nameof(JobState.Completed) or nameof(JobState.CompletedWithErrors);
                Restores += isDone ? 1 : 0;
                FailedRestores += isDone ? 0 : 1;
            }
        }
    }

    public int Restores { get; }
    public int FailedRestores { get; }
    public int Openings { get; }
}
