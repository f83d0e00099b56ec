using System.Globalization;

namespace StingBackup.Engine.Integrity;

/// <summary>How a verification or repair ended, for its one audit record: what was looked at, how much, what is damaged. No names, and no names of objects: those stand in the run's log.</summary>
internal static class IntegrityOutcome
{
    /// <summary>Of a verification.</summary>
    public static string Of(VerifyRequest request, IntegrityResult result) => Text(
        $"{Verdict(result.Faults)}: {request.Tier}, {request.Level}, {Scope(request)}{result.Points} runs, {result.Packs} packs{(result.PacksLeft > 0 ? $", {result.PacksLeft} packs left" : "")}");

    /// <summary>Of a repair.</summary>
    public static string Of(RepairPlan plan, RepairResult result) => Text(
        $"{Verdict(result.Faults)}: {plan.Tier}, {result.Packs} packs, {result.FragmentsReplaced} index fragments replaced, {result.ObjectsRestored} objects restored, {result.Healed.Count} healed");

    private static string Verdict(IReadOnlyList<IntegrityFault> faults) => faults.Count == 0 ? "Sound" : Text($"Damaged {faults.Count}");

    private static string Scope(VerifyRequest request)
    {
        var part = request is { BackupId: null, Date: null } ? "" : "one moment, ";
        return request.SamplePercent < 100 ? Text($"{part}{request.SamplePercent} %, ") : part;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
