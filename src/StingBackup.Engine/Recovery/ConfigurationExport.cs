using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Recovery;

/// <summary>Writes a configuration anew with some settings changed: for another host, or another site.</summary>
public static class ConfigurationExport
{
    /// <summary>What would be written. Changes nothing.</summary>
    /// <exception cref="StingException"><c>ConfigurationExists</c>, <c>ConfigurationInvalid</c></exception>
    public static ConfigurationExportPlan Plan(ExaminedConfiguration examined, string file, IReadOnlyDictionary<string, string> changes)
    {
        ArgumentNullException.ThrowIfNull(examined);
        var host = new HostView();
        var writer = Writer(examined, file, changes, host);
        if (host.FileExists(file))
        {
            throw new StingException("ConfigurationExists", FailureKind.AlreadyExists, $"There is a configuration file {file} already; nothing was changed.", file, "Name another file, or move it away.");
        }
        var after = new ConfigurationLoader(host).ExamineText(writer.Render(), file);
        after.Require();
        var was = examined.Texts().ToDictionary(StringComparer.Ordinal);
        return new ConfigurationExportPlan
        {
            From = examined.File, ConfigurationFile = file,
            Changed = after.Texts().Where(now => was[now.Key] != now.Value).Select(now => $"{now.Key}: {(was[now.Key].Length > 0 ? was[now.Key] : "none")} becomes {(now.Value.Length > 0 ? now.Value : "none")}").ToArray(),
        };
    }

    /// <summary>Writes it.</summary>
    /// <exception cref="StingException">As <see cref="Plan"/>; <c>ConfigurationNotWritable</c></exception>
    public static ConfigurationExportResult Run(ExaminedConfiguration examined, ConfigurationExportPlan plan, IReadOnlyDictionary<string, string> changes)
    {
        ArgumentNullException.ThrowIfNull(examined);
        ArgumentNullException.ThrowIfNull(plan);
        Writer(examined, plan.ConfigurationFile, changes, new HostView()).WriteNew(plan.ConfigurationFile);
        return new ConfigurationExportResult { ConfigurationFile = plan.ConfigurationFile, Changed = plan.Changed };
    }

    private static ConfigurationWriter Writer(ExaminedConfiguration examined, string file, IReadOnlyDictionary<string, string> changes, HostView host)
    {
        examined.Require();
        var writer = examined.ToWriter().Note($"Made of {examined.File}.");
        GivenSettings.Apply(changes, file, host, writer);
        return writer;
    }
}
