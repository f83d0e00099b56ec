namespace StingBackup.Bench.Report;

/// <summary>Prints the tables of one or more calls of compare.sh together, puts them into a document, and draws.</summary>
internal static class ReportCommand
{
    /// <summary>Line before the measured section.</summary>
    public const string Begin = "<!-- measured: begin; bench/compare.sh writes what follows -->";
    /// <summary>Line after it.</summary>
    public const string End = "<!-- measured: end -->";

    /// <summary>Exit code 0; 1 when a step failed or a restore differed; 2 when it was called wrongly.</summary>
    /// <param name="arguments">Files of results; <c>--into FILE</c>, <c>--plots DIR</c>.</param>
    public static int Run(IReadOnlyList<string> arguments)
    {
        var files = new List<ResultFile>();
        string? document = null, plots = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] is "--into" or "--plots")
            {
                if (i + 1 == arguments.Count)
                {
                    Console.Error.WriteLine($"'{arguments[i]}' needs a value.");
                    return 2;
                }
                (document, plots) = arguments[i] == "--into" ? (arguments[i + 1], plots) : (document, arguments[i + 1]);
                i++;
                continue;
            }
            files.Add(Read(arguments[i]));
        }
        var results = new Results(files);
        var comparison = new Comparison(results.Measurements);
        var pictures = Comparison.Corpora.Select(corpus => (corpus.Name, corpus.Title, Svg: BarPlot.Draw(comparison, corpus.Name, corpus.Title))).Where(picture => picture.Svg is not null).ToArray();
        // A quick run's bars would pass for measured ones.
        plots = files.Any(file => file.Note("quick").Length > 0) ? null : plots;
        var section = $"{results.Provenance()}\n\n{new Goals(comparison).ToMarkdown()}{comparison.ToMarkdown()}".TrimEnd() + "\n";
        Console.WriteLine(section);
        if (plots is not null)
        {
            Directory.CreateDirectory(plots);
            foreach (var (name, _, svg) in pictures)
            {
                File.WriteAllText(Path.Join(plots, FileOf(name)), svg);
            }
        }
        if (document is not null)
        {
            var links = plots is null ? "" : string.Concat(pictures.Select(picture =>
                $"\n![{picture.Title}]({Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(document))!, Path.GetFullPath(plots)).Replace('\\', '/')}/{FileOf(picture.Name)})\n"));
            File.WriteAllText(document, Replace(File.ReadAllText(document), section + links, document));
        }
        return results.Measurements.All(m => m.Outcome == Outcome.Ok) ? 0 : 1;
    }

    /// <summary>The document with a new measured section; all else stays as it is.</summary>
    /// <exception cref="FormatException">The markers are not there, once each and in order.</exception>
    public static string Replace(string document, string section, string name)
    {
        int begin = document.IndexOf(Begin, StringComparison.Ordinal), end = document.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin || document.LastIndexOf(Begin, StringComparison.Ordinal) != begin || document.LastIndexOf(End, StringComparison.Ordinal) != end)
        {
            throw new FormatException($"'{name}' needs the lines '{Begin}' and '{End}', once each and in this order.");
        }
        return string.Concat(document.AsSpan(0, begin + Begin.Length), "\n", section, document.AsSpan(end));
    }

    private static string FileOf(string corpus) => $"benchmarks-{corpus}.svg";

    private static ResultFile Read(string path)
    {
        try
        {
            return ResultFile.Read(File.ReadLines(path));
        }
        catch (FormatException e)
        {
            throw new FormatException($"{path}: {e.Message}", e);
        }
    }
}
