using System.Globalization;
using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Engine.Reserve;

/// <summary>
/// An invented Honey Reserve, like that of a real installation in its folders, kinds and sizes of files, in how well they compress and how much of them is
/// duplicate. For the quickstart, for tests and for measurements.
/// </summary>
public static class SampleReserve
{
    /// <summary>Which data class the folders beside <c>users</c> and <c>jars</c> belong to: for <c>reserve.rules</c> of a configuration.</summary>
    public static IReadOnlyList<ClassRule> Rules { get; } =
    [
        new("/logs/audit/**", DataClass.AuditLogs, null), new("/reports/**", DataClass.Reports, null), new("/temp/**", DataClass.TempFiles, null),
        new("/secrets/**", DataClass.Secrets, null), new("/metadata/**", DataClass.Metadata, null), new("/embeddings/**", DataClass.Embeddings, null),
    ];

    /// <summary>Builds one in a new or empty folder.</summary>
    /// <param name="root">Where. Made when it is not there; its parent too.</param>
    /// <param name="options">What it is to be like; null for the small one of seed 1.</param>
    /// <param name="cancel">Stops between two files, and leaves what was written.</param>
    /// <exception cref="StingException"><c>SampleReserveNotEmpty</c>, <c>SampleReserveOptionInvalid</c>, <c>SampleReserveUnwritable</c></exception>
    public static SampleReserveReport Generate(string root, SampleReserveOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        options ??= new SampleReserveOptions();
        if (!(options.Scale > 0 && options.Scale <= 100))
        {
            throw new StingException("SampleReserveOptionInvalid", FailureKind.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"A sample reserve cannot have the scale {options.Scale}."),
                nameof(options.Scale), "Choose a scale above 0, at most 100; 1 is 2.5 GB.");
        }
        root = Path.GetFullPath(root);
        try
        {
            if (File.Exists(root) || (Directory.Exists(root) && Directory.EnumerateFileSystemEntries(root).Any()))
            {
                throw new StingException("SampleReserveNotEmpty", FailureKind.AlreadyExists, $"'{root}' is not an empty folder, and a sample reserve never mixes with other files.",
                    root, "Name a folder that does not exist yet.");
            }
            var plan = SamplePlan.Build(options);
            new SampleWriter(root, cancel).Write(plan);
            var edges = new SampleEdges(root, options.Seed, plan);
            if (options.Edges)
            {
                edges.Make(cancel);
            }
            SampleWriter.StampFolders(root);
            return Report(root, options, plan, edges);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(root, e);
        }
    }

    /// <summary>
    /// Lets one tick of fifteen minutes pass: changes some of the files of people and jars, by the seed. Two equal reserves stay equal. Files that a backup
    /// could not tell from before (same length, same time) do not come out of it.
    /// </summary>
    /// <param name="root">A reserve: folders <c>users</c> and <c>jars</c>.</param>
    /// <param name="seed">Which tick; the same seed on the same reserve does the same.</param>
    /// <param name="fraction">Share of the files, 0 to 1; at least one file when it is not 0.</param>
    /// <param name="cancel">Stops between two files.</param>
    /// <exception cref="StingException"><c>SampleReserveOptionInvalid</c>, <c>SampleReserveUnwritable</c></exception>
    public static SampleChangeReport Change(string root, int seed, double fraction = 0.05, CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        if (!(fraction is >= 0 and <= 1))
        {
            throw new StingException("SampleReserveOptionInvalid", FailureKind.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"A share of {fraction} of the files cannot change."),
                nameof(fraction), "Choose a share from 0 to 1; an ordinary tick changes 0.05.");
        }
        root = Path.GetFullPath(root);
        try
        {
            return new SampleTick(root, seed).Run(fraction, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(root, e);
        }
    }

    /// <summary>
    /// Removes a folder with all that is in it: a sample reserve, or what was restored from one. Holds where <see cref="Directory.Delete(string, bool)"/> fails, on
    /// names that are not UTF-8. Never follows a link. Nothing happens when it is not there.
    /// </summary>
    /// <exception cref="StingException"><c>SampleReserveUnwritable</c></exception>
    public static void Remove(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        try
        {
            if (Directory.Exists(root))
            {
                SampleRemoval.Remove(root);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("SampleReserveUnwritable", FailureKind.Io, $"'{root}' could not be removed: {e.Message}", root, "Check that nothing uses the folder, and that it can be written.", e);
        }
    }

    private static StingException Unwritable(string root, Exception e) =>
        new("SampleReserveUnwritable", e is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io,
            $"The sample reserve in '{root}' could not be written: {e.Message}", root, "Check that the folder can be written and that its disk has room; then remove the folder and try again.", e);

    private static SampleReserveReport Report(string root, SampleReserveOptions options, SamplePlan plan, SampleEdges edges)
    {
        var files = plan.Files.Where(file => !plan.ExcludedFolders.Any(folder => file.Path.StartsWith(folder + "/", StringComparison.Ordinal))).ToList();
        var within = files.Where(file => file.Duplicate == SampleDuplicate.Within).ToList();
        var across = files.Where(file => file.Duplicate == SampleDuplicate.Across).ToList();
        return new SampleReserveReport
        {
            Root = root,
            Seed = options.Seed,
            People = plan.People.Count,
            Jars = plan.Jars.Count,
            Files = files.Count,
            Length = files.Sum(file => file.Length),
            UserFiles = files.Count(file => file.Path.StartsWith("users/", StringComparison.Ordinal)),
            JarDocuments = files.Count(file => file.Path.StartsWith("jars/", StringComparison.Ordinal)),
            DuplicatesWithin = within.Count,
            DuplicateBytesWithin = within.Sum(file => file.Length),
            DuplicatesAcross = across.Count,
            DuplicateBytesAcross = across.Sum(file => file.Length),
            CompressedBytes = files.Where(file => file.Kind.IsCompressed()).Sum(file => file.Length),
            Edges = edges.Made,
            SkippedEdges = edges.Skipped,
            ExcludedFolders = plan.ExcludedFolders,
        };
    }
}
