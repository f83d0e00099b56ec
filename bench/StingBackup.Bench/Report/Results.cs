namespace StingBackup.Bench.Report;

/// <summary>What one call of compare.sh found: notes on where and of what, and its lines.</summary>
/// <param name="Notes">date, commit, machine, versions; quick where it was.</param>
/// <param name="Measurements">Its lines.</param>
internal sealed record ResultFile(IReadOnlyDictionary<string, string> Notes, IReadOnlyList<Measurement> Measurements)
{
    public string Note(string name) => Notes.GetValueOrDefault(name, "");

    /// <summary>Calls of one build on one machine, with the same peers: their runs may be counted together.</summary>
    public (string, string, string, string) Setting => (Note("commit"), Note("machine"), Note("versions"), Note("quick"));

    /// <summary>Reads one; a note is <c>#name TAB value</c>.</summary>
    /// <exception cref="FormatException">Names the line.</exception>
    public static ResultFile Read(IEnumerable<string> lines)
    {
        var all = lines.ToArray();
        var notes = all.Where(line => line.StartsWith('#')).Select(line => line[1..].Split('\t', 2)).Where(note => note.Length == 2)
            .GroupBy(note => note[0], StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last()[1], StringComparer.Ordinal);
        return new ResultFile(notes, Measurement.Read(all));
    }
}

/// <summary>
/// Several calls as one: of each step of a corpus the newest call counts, and with it every other call of the same build, machine and peers. Figures of two builds are never mixed in one row.
/// </summary>
internal sealed class Results
{
    private readonly List<(ResultFile File, string Corpus, int Runs)> _used = [];

    public Results(IEnumerable<ResultFile> files)
    {
        // Dates are written so that their text sorts as they do.
        var ordered = files.OrderBy(file => file.Note("date"), StringComparer.Ordinal).ToArray();
        var measurements = new List<Measurement>();
        foreach (var step in ordered.SelectMany(file => file.Measurements).Select(m => (m.Corpus, m.Step)).Distinct())
        {
            var having = ordered.Where(file => file.Measurements.Any(m => (m.Corpus, m.Step) == step)).ToArray();
            foreach (var file in having.Where(file => file.Setting == having[^1].Setting))
            {
                var lines = file.Measurements.Where(m => (m.Corpus, m.Step) == step).ToArray();
                measurements.AddRange(lines);
                _used.Add((file, step.Corpus, lines.Max(m => lines.Count(other => other.Tool == m.Tool))));
            }
        }
        Measurements = measurements;
    }

    public IReadOnlyList<Measurement> Measurements { get; }

    /// <summary>When, where and with what: a line for each setting that figures come from.</summary>
    public string Provenance()
    {
        var lines = _used.GroupBy(used => used.File.Setting).Select(setting =>
        {
            var first = setting.First().File;
            var dates = setting.Select(used => used.File.Note("date").Split('T')[0]).Distinct().Order(StringComparer.Ordinal).ToArray();
            var when = dates.Length == 1 ? dates[0] : $"{dates[0]} to {dates[^1]}";
            var corpora = string.Join(", ", setting.Select(used => used.Corpus).Distinct());
            var quick = first.Note("quick").Length > 0 ? " **Quick: small corpora, one run. Shows that the lanes work, nothing more.**" : "";
            return $"Measured on {when} at commit {first.Note("commit")} ({corpora}): {first.Note("machine")}\n{first.Note("versions")}{quick}";
        });
        return string.Join("\n\n", lines) + "\n\nMedians, with the shortest and the longest; 1 MB is a million bytes.";
    }
}
