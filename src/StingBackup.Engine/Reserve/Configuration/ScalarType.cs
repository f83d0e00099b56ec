using System.Globalization;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What came of reading a text: a value, or what is wrong with it and what to write instead.</summary>
public readonly record struct Parsed<T>(bool IsValid, T Value, string Problem, string Remedy)
{
    /// <summary>It is a value.</summary>
    public static implicit operator Parsed<T>(T value) => new(true, value, "", "");
}

/// <summary>A single value.</summary>
/// <param name="description">For people.</param>
/// <param name="parse">Reads the text.</param>
/// <param name="write">Writes the value; what comes back reads as the same value.</param>
/// <param name="toPublic">The value for PowerShell; what <paramref name="write"/> gives, where null.</param>
public sealed class ScalarType<T>(string description, Func<string, ReadContext, Parsed<T>> parse, Func<T, string> write, Func<T, object?>? toPublic = null) : SettingType<T>
{
    /// <inheritdoc/>
    public override string Description => description;

    /// <inheritdoc/>
    public override bool TryRead(ConfigurationNode node, ReadContext context, out T value)
    {
        value = default!;
        if (node is not ScalarNode scalar)
        {
            context.Findings.Error(context.Key, context.File, node.Line, $"a {(node is ListNode ? "list" : "section")} stands where {description} belongs", "Write one value after the colon.");
            return false;
        }
        var parsed = parse(scalar.Text, context);
        if (!parsed.IsValid)
        {
            context.Findings.Error(context.Key, context.File, node.Line, parsed.Problem, parsed.Remedy);
            return false;
        }
        value = parsed.Value;
        return true;
    }

    /// <inheritdoc/>
    public override string Write(T value) => value is null ? "" : YamlText.Scalar(write(value));

    /// <inheritdoc/>
    public override object? ToPublic(T value) => value is null ? null : toPublic is null ? write(value) : toPublic(value);

    /// <summary>Reads a text.</summary>
    public Parsed<T> Parse(string text, ReadContext context) => parse(text, context);

    /// <summary>For a person, without quotes.</summary>
    public string Show(T value) => write(value);
}

/// <summary>A list of values of one type; a single value stands for a list of one.</summary>
/// <param name="description">For people.</param>
/// <param name="item">The type of each value.</param>
/// <param name="most">How many values there may be.</param>
public sealed class ListType<T>(string description, SettingType<T> item, int most = 1000) : SettingType<IReadOnlyList<T>>
{
    /// <inheritdoc/>
    public override string Description => description;

    /// <inheritdoc/>
    public override bool TryRead(ConfigurationNode node, ReadContext context, out IReadOnlyList<T> value)
    {
        var values = new List<T>();
        var sound = true;
        foreach (var each in node is ListNode list ? list.Items : [node])
        {
            if (item.TryRead(each, context, out var one))
            {
                values.Add(one);
            }
            else
            {
                sound = false;
            }
        }
        value = values;
        if (values.Count > most)
        {
            context.Findings.Error(context.Key, context.File, node.Line, string.Create(CultureInfo.InvariantCulture, $"{values.Count} values stand here; {most} is the most"),
                string.Create(CultureInfo.InvariantCulture, $"Keep at most {most}."));
            return false;
        }
        return sound;
    }

    /// <inheritdoc/>
    public override string Write(IReadOnlyList<T> value) => $"[{string.Join(", ", value.Select(item.Write))}]";

    /// <inheritdoc/>
    public override IReadOnlyList<string>? WriteItems(IReadOnlyList<T> value) => value.Count == 0 ? null : value.Select(item.Write).ToArray();

    /// <inheritdoc/>
    public override object? ToPublic(IReadOnlyList<T> value) => value.Select(v => item.ToPublic(v)?.ToString() ?? "").ToArray();
}
