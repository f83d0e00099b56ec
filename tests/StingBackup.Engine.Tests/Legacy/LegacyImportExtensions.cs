using System.Text;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Legacy;

namespace StingBackup.Engine.Tests.Legacy;

/// <summary>Short ways to import in a test.</summary>
internal static class LegacyImportExtensions
{
    /// <summary>Where a test's archives lie.</summary>
    public static string Archives(this TestInstallation test) => Path.Combine(test.Root, "archives");

    /// <summary>Looks at archives.</summary>
    public static async Task<LegacyImportPlan> PlanImportAsync(this TestInstallation test, string? passphrase, params string[] paths)
    {
        var planner = await LegacyImportPlanner.BeginAsync(test.Installation, default);
        using var secret = Secret(passphrase);
        foreach (var path in paths)
        {
            planner.Add(path, secret, default);
        }
        return planner.Plan;
    }

    /// <summary>Looks at one archive that must be refused; gives its error.</summary>
    public static async Task<StingException> RefusedAsync(this TestInstallation test, string path, string errorId, string? passphrase = null)
    {
        var planner = await LegacyImportPlanner.BeginAsync(test.Installation, default);
        using var secret = Secret(passphrase);
        planner.Add(path, secret, default);
        var error = Assert.Single(planner.Failures);
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(Path.GetFileName(path), error.Message, StringComparison.Ordinal);
        Assert.Equal(LegacyArchiveState.Refused, Assert.Single(planner.Plan.Archives).State);
        return error;
    }

    /// <summary>Plans and imports, a minute after what was before; fails on any failed item unless told otherwise.</summary>
    public static async Task<LegacyImportResult> ImportAsync(this TestInstallation test, string path, string? passphrase = null, List<StingException>? errors = null) =>
        await test.ImportAsync(await test.PlanImportAsync(passphrase, path), passphrase, errors);

    /// <summary>Carries a plan out.</summary>
    public static Task<LegacyImportResult> ImportAsync(this TestInstallation test, LegacyImportPlan plan, string? passphrase = null, List<StingException>? errors = null)
    {
        test.Clock.Advance(TimeSpan.FromMinutes(1));
        return TestInstallation.CompleteAsync<LegacyImportResult>(LegacyImportJob.RunAsync(test.Installation, plan, Secret(passphrase), default), errors);
    }

    private static SecretBytes? Secret(string? passphrase) => passphrase is null ? null : SecretBytes.CopyOf(Encoding.UTF8.GetBytes(passphrase));
}
