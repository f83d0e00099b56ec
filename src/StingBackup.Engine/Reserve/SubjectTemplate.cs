using System.Globalization;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Reserve;

/// <summary>The subject that a rule gives: a fixed name, or one taken from a component of the path.</summary>
internal sealed class SubjectTemplate
{
    private enum Shape { Fixed, User, Jar, Path }

    private readonly Shape _shape;
    private readonly string _fixed;
    private readonly DataClass _dataClass;
    private readonly int _component;

    private SubjectTemplate(Shape shape, string @fixed, DataClass dataClass, int component)
    {
        _shape = shape;
        _fixed = @fixed;
        _dataClass = dataClass;
        _component = component;
    }

    /// <summary>The name itself, where it depends on no path; else null.</summary>
    public string? FixedName => _shape == Shape.Fixed ? _fixed : null;

    /// <summary>Reads a template; null when it is none.</summary>
    public static SubjectTemplate? Parse(string text)
    {
        if (SubjectNames.IsCanonical(text) && !text.Contains('{', StringComparison.Ordinal))
        {
            return new SubjectTemplate(Shape.Fixed, text, default, 0);
        }
        var open = text.IndexOf('{', StringComparison.Ordinal);
        if (open < 0 || !text.EndsWith('}') || !int.TryParse(text.AsSpan(open + 1, text.Length - open - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var component)
            || component is < 1 or > 60)
        {
            return null;
        }
        var head = text[..open];
        return head switch
        {
            "user:" => new SubjectTemplate(Shape.User, "", default, component),
            "jar:" => new SubjectTemplate(Shape.Jar, "", default, component),
            _ when head.EndsWith('/') && SubjectNames.IsCanonical(head + "x") && head.StartsWith("path:", StringComparison.Ordinal) && head.AsSpan().Count('/') == 1 =>
                new SubjectTemplate(Shape.Path, "", Enum.Parse<DataClass>(head.AsSpan(5, head.Length - 6)), component),
            _ => null,
        };
    }

    /// <summary>The subject of a path, or null when the path has no such component.</summary>
    public string? Apply(ReadOnlySpan<byte> path, UsersMap users, DataClass dataClass)
    {
        if (_shape == Shape.Fixed)
        {
            return _fixed;
        }
        var number = 0;
        foreach (var range in path.Split((byte)'/'))
        {
            if (++number != _component)
            {
                continue;
            }
            var name = EntryPath.Display(path[range]);
            return _shape switch
            {
                Shape.User => users.SubjectOfFolder(name, dataClass),
                Shape.Jar => SubjectNames.OfJar(name),
                _ => SubjectNames.OfPath(_dataClass, name),
            };
        }
        return null;
    }
}
