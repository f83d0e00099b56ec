using System.Text;

namespace StingBackup.Engine.Operations.Metrics;

/// <summary>The file that node_exporter's textfile collector reads.</summary>
public static class MetricsFile
{
    /// <summary>Readable for the collector, which runs as a user of its own; nothing in it names anybody.</summary>
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Puts the metrics into the place of the last ones, in one step: the collector sees the one or the other.</summary>
    /// <exception cref="StingException"><c>MetricsUnwritable</c></exception>
    public static void Write(string path, BackupMetrics metrics)
    {
        ArgumentNullException.ThrowIfNull(path);
        // The collector reads *.prom alone, so an unfinished one is never read.
        var unfinished = $"{path}.{Path.GetRandomFileName()}.new";
        try
        {
            File.WriteAllText(unfinished, MetricsText.Of(metrics), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(unfinished, Mode);
            }
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(unfinished);
            throw new StingException("MetricsUnwritable", FailureKind.Io, $"The metrics cannot be written to '{path}': {e.Message}", path, "Name a file in a folder that this user may write to, by -Path or by metrics.file.", e);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What failed to be written is told.
        }
    }
}
