using StingBackup.Fuzz.Tests.Loop;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>Every target there is.</summary>
internal static class AllTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } = [.. PackTargets.All, .. ParityTarget.All, .. SignedObjectTargets.All, .. KeyFileTargets.All, .. TextTargets.All, .. LegacyTargets.All, .. DatabaseTargets.All, .. StateTargets.All, .. AnswerTargets.All, .. PortalTargets.All];

    public static FuzzTarget Find(string name) => All.FirstOrDefault(t => t.Name == name) ?? throw new ArgumentException($"There is no target '{name}'.");
}
