using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Reserve.Configuration;

/// <summary>The linter of retention: each refusal names file, line, key and what to do.</summary>
public sealed class RetentionContradictionTests
{
    private const string File = "/etc/sting/sting-backup.yaml";
    private const string Head = "repository: {backup_root: /b}\nreserve: {path: /r}\nretention:\n";
    private const string SixYears = "  user_files_days: 2192\n  honey_jars_days: 2192\n  metadata_days: 2192\n  embeddings_days: 2192\n  audit_logs_days: 2192\n  reports_days: 2192\n  settings_days: 2192\n  secrets_days: 2192\n";

    private static IReadOnlyList<ConfigurationFinding> Errors(string yaml) =>
        [.. new ConfigurationLoader(new FakeHost()).ExamineText(Head + yaml, File).Findings.Where(f => f.Severity == FindingSeverity.Error)];

    [Theory]
    [InlineData("  profiles: [SOX]\n  audit_logs_days: 1095", "retention.audit_logs_days", 5, "SOX asks for three years of audit logs, 1096 days", "Set retention.audit_logs_days to 1096 or more")]
    [InlineData("  profiles: [PCI-DSS]\n  audit_logs_days: 364", "retention.audit_logs_days", 5, "PCI-DSS asks for one year of audit logs, 365 days", "Set retention.audit_logs_days to 365 or more")]
    [InlineData("  profiles: [GDPR]\n  physical_days: 24\nerasure: {delay_days: 7}", "retention.physical_days", 5, "an erasure ends 31 days after its request", "by 1.")]
    [InlineData("  keep_all_days: 7", "retention.keep_all_days", 4, "no retention.keep_ setting says what stays", "Set retention.keep_daily")]
    [InlineData("  keep_all_days: 7\n  keep_weekly: 0", "retention.keep_all_days", 4, "no retention.keep_ setting says what stays", "or remove retention.keep_all_days")]
    [InlineData("  minimum_copies: 0", "retention.minimum_copies", 4, "the last copy of a data class is never let go", "")]
    [InlineData("  profiles: [HIPPA]", "retention.profiles", 4, "'HIPPA' is not one of HIPAA, SOX", "")]
    [InlineData("  keep_daily: -1", "retention.keep_daily", 4, "-1 is out of range", "")]
    public void A_contradiction_is_refused_with_file_line_key_and_remedy(string yaml, string key, int line, string problem, string remedy)
    {
        var error = Assert.Single(Errors(yaml));
        Assert.Equal((key, line, File), (error.Key, error.Line, error.File));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
    }

    /// <summary>What a profile asks of settings that nobody wrote is refused too: none is changed silently.</summary>
    [Fact]
    public void HIPAA_asks_six_years_of_all_but_temporary_files_and_physical_captures()
    {
        var errors = Errors("  profiles: [HIPAA]");
        Assert.Equal(
            ["retention.audit_logs_days", "retention.embeddings_days", "retention.honey_jars_days", "retention.metadata_days", "retention.reports_days", "retention.secrets_days", "retention.settings_days", "retention.user_files_days"],
            errors.Select(e => e.Key).Order(StringComparer.Ordinal));
        Assert.All(errors, e => Assert.Contains("2192 days", e.Problem, StringComparison.Ordinal));
        Assert.All(errors, e => Assert.Contains($"Set {e.Key} to 2192 or more, or take the regulation out of retention.profiles", e.Remedy, StringComparison.Ordinal));
        Assert.All(errors, e => Assert.Equal(File, e.File));
    }

    [Fact]
    public void One_day_less_is_refused_by_HIPAA_where_it_stands()
    {
        var error = Assert.Single(Errors("  profiles: [HIPAA]\n" + SixYears.Replace("metadata_days: 2192", "metadata_days: 2191", StringComparison.Ordinal)));
        Assert.Equal(("retention.metadata_days", 7), (error.Key, error.Line));
    }

    [Fact]
    public void A_profile_that_is_named_twice_is_told_once() => Assert.Single(Errors("  profiles: [PCI-DSS, PCI-DSS]\n  audit_logs_days: 1"));

    [Fact]
    public void Each_profile_is_told_of() => Assert.Equal(2, Errors("  profiles: [SOX, PCI-DSS]\n  audit_logs_days: 364").Count);

    [Theory]
    [InlineData("  profiles: [HIPAA, SOX, PCI-DSS]\n" + SixYears)]
    [InlineData("  profiles: [SOX]\n  audit_logs_days: 1096")]
    [InlineData("  profiles: [PCI-DSS]\n  audit_logs_days: 365")]
    [InlineData("  profiles: [GDPR]\n  physical_days: 23\nerasure: {delay_days: 7}")]
    [InlineData("  keep_all_days: 7\n  keep_daily: 14\n  keep_weekly: 8\n  keep_monthly: 12\n  keep_yearly: 6")]
    [InlineData("  keep_all_days: 0")]
    [InlineData("  minimum_copies: 3")]
    public void What_agrees_is_let_through(string yaml) => Assert.Empty(Errors(yaml));

    [Fact]
    public void The_file_s_words_reach_retention()
    {
        var settings = new ConfigurationLoader(new FakeHost()).ExamineText(Head + "  minimum_copies: 3\n  keep_all_days: 7\n  keep_daily: 14\n  keep_yearly: 6\n  profiles: [GDPR]\n  physical_days: 20\n", File).Require().Retention;
        Assert.Equal((3, new ThinningSettings(7, 0, 14, 0, 0, 6)), (settings.MinimumCopies, settings.Thinning));
    }
}
