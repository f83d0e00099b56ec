using System.Globalization;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How many others must approve what.</summary>
public static class ApprovalSettings
{
    private const int Most = 9;

    private static readonly ScalarType<GuardedOperation> Words = SettingTypes.Choice("restore, restore_in_place, restore_secrets or retrieval",
        ("restore", GuardedOperation.Restore), ("restore_in_place", GuardedOperation.RestoreInPlace), ("restore_secrets", GuardedOperation.RestoreSecrets), ("retrieval", GuardedOperation.Retrieval));

    /// <summary>The number for each operation that may be guarded; nothing set stands for the default.</summary>
    public static readonly IReadOnlyDictionary<GuardedOperation, Setting<int?>> Counts = new Dictionary<GuardedOperation, Setting<int?>>
    {
        [GuardedOperation.Restore] = Optional("restore", "any restore, wherever to"),
        [GuardedOperation.RestoreInPlace] = Optional("restore_in_place", "a restore over the original place"),
        [GuardedOperation.RestoreSecrets] = Always("restore_secrets", "a restore of class Secrets"),
        [GuardedOperation.Erasure] = Always("erasure", "a request for erasure"),
        [GuardedOperation.ErasureSync] = Always("erasure_sync", "deleting the erased from databases that were restored"),
        [GuardedOperation.RetentionCut] = Optional("retention_cut", "the first retention run that keeps anything for fewer days than the one before"),
        [GuardedOperation.LegalHold] = Always("legal_hold", "lifting a legal hold"),
        [GuardedOperation.Keys] = Always("keys", "the export of an escrow, moving the key file's protection, a new key of the key role"),
        [GuardedOperation.Hosts] = Always("hosts", "revoking a host, or unlocking the tiers"),
        [GuardedOperation.Approvers] = Always("approvers", "enrolling and revoking an approver (never the first)"),
        [GuardedOperation.Retrieval] = Always("retrieval", "a retrieval above archive.retrieval_cost_limit"),
        [GuardedOperation.Quota] = Always("quota", "more room on the remote tier"),
        [GuardedOperation.Review] = Always("review", "closing the review of what was done by breaking the glass"),
    };

    /// <summary>What may be done without an approval in an emergency.</summary>
    public static readonly Setting<IReadOnlyList<GuardedOperation>> BreakGlass = new()
    {
        Key = "approvals.break_glass",
        Type = new ListType<GuardedOperation>("a list of restore, restore_in_place, restore_secrets, retrieval", Words),
        Default = [GuardedOperation.Restore, GuardedOperation.RestoreInPlace, GuardedOperation.RestoreSecrets, GuardedOperation.Retrieval],
        Summary = "What may be done without its approvals by -BreakGlass REASON, in an emergency: it stands in the audit log, and the status warns until another identity has closed its review. "
            + "What destroys data or touches keys can never be. An empty list, [], allows nothing.",
    };

    /// <summary>In the order of the file.</summary>
    public static IEnumerable<Setting> All => [.. Counts.OrderBy(c => c.Key).Select(c => (Setting)c.Value), BreakGlass];

    internal static IReadOnlyDictionary<GuardedOperation, int?> Bind(SettingValues values) => Counts.ToDictionary(c => c.Key, c => values.Get(c.Value));

    private static Setting<int?> Always(string name, string what) => Number(name, 1, "1", $"How many others must approve {what}. The one who asks is never one of them.");

    private static Setting<int?> Optional(string name, string what) => Number(name, 0, "1 where a role is given in the section 'access', else 0", $"How many others must approve {what}. 0: nobody.");

    private static Setting<int?> Number(string name, int least, string standard, string summary) => new()
    {
        Key = "approvals." + name,
        Type = new ScalarType<int?>(
            string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {Most}"),
            (text, _) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= Most ? (int?)number
                : SettingTypes.Bad<int?>($"'{text}' is no number of approvals", string.Create(CultureInfo.InvariantCulture, $"Write a whole number from {least} to {Most}.")),
            number => number!.Value.ToString(CultureInfo.InvariantCulture), number => (long)number!.Value),
        DefaultDescription = standard,
        Example = "2",
        Summary = summary,
    };
}
