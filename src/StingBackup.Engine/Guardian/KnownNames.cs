using System.IO.Enumeration;
using System.Text;

namespace StingBackup.Engine.Guardian;

/// <summary>Extensions and notes that encryptors are known by: <c>ransomware-names.txt</c>, which the program carries.</summary>
internal sealed class KnownNames
{
    private const string Resource = "StingBackup.Engine.Guardian.ransomware-names.txt";
    /// <summary>No note of any list has a longer name, and no extension either.</summary>
    private const int LongestName = 128;

    private readonly HashSet<string> _extensions = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];
    private readonly HashSet<string> _plainNotes = new(StringComparer.Ordinal);

    private KnownNames(IEnumerable<string> lines)
    {
        foreach (var line in lines.Select(l => l.Trim()).Where(l => l.Length > 0 && !l.StartsWith('#')))
        {
            var name = line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..];
            if (line.StartsWith("ext ", StringComparison.Ordinal))
            {
                _extensions.Add(name);
            }
            else if (name.Contains('*', StringComparison.Ordinal))
            {
                _notes.Add(name);
            }
            else
            {
                _plainNotes.Add(name);
            }
        }
    }

    /// <summary>The list that this program carries.</summary>
    public static KnownNames Carried { get; } = new(ReadCarried());

    /// <summary>How many names there are.</summary>
    public int Count => _extensions.Count + _notes.Count + _plainNotes.Count;

    /// <summary>Whether a file's name ends with an extension of the list.</summary>
    public bool HasExtension(ReadOnlySpan<byte> name)
    {
        var dot = name.LastIndexOf((byte)'.');
        return dot > 0 && name.Length <= LongestName && _extensions.Contains(Lower(name[dot..]));
    }

    /// <summary>Whether a file is called as a note of the list.</summary>
    public bool IsNote(ReadOnlySpan<byte> name)
    {
        if (name.Length > LongestName)
        {
            return false;
        }
        var text = Lower(name);
        return _plainNotes.Contains(text) || _notes.Exists(note => FileSystemName.MatchesSimpleExpression(note, text, ignoreCase: false));
    }

    private static string Lower(ReadOnlySpan<byte> name) => Encoding.UTF8.GetString(name).ToLowerInvariant();

    private static string[] ReadCarried()
    {
        using var stream = typeof(KnownNames).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n');
    }
}
