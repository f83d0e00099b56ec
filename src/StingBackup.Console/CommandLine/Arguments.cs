namespace StingBackup.Console.CommandLine;

/// <summary>A command line, read.</summary>
/// <param name="Common">Options of every command.</param>
/// <param name="Values">What was typed for each option of the command; nothing for a switch.</param>
internal sealed record Arguments(CommonOptions Common, IReadOnlyDictionary<string, IReadOnlyList<string>> Values)
{
    /// <summary>Reads what follows the command's name: <c>--name value</c>, <c>--name=value</c>, <c>--switch</c>.</summary>
    /// <param name="words">The words.</param>
    /// <param name="options">The command's own options, by name and alias; true where a value follows.</param>
    /// <exception cref="UsageException">A word has no meaning, a value is missing or too much.</exception>
    public static Arguments Read(IEnumerable<string> words, IReadOnlyDictionary<string, (string Name, bool TakesValue, bool IsList)> options)
    {
        var common = new CommonOptions();
        var values = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var rest = new Queue<string>(words);
        while (rest.TryDequeue(out var word))
        {
            if (word is "-h" or "-?")
            {
                word = "--help";
            }
            if (!word.StartsWith("--", StringComparison.Ordinal) || word.Length == 2)
            {
                throw new UsageException($"'{word}' has no meaning here: options begin with --.");
            }
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            var typed = equals < 0 ? word[2..] : word[2..equals];
            if (CommonOptions.All.FirstOrDefault(o => o.Name == typed) is { Name: not null } shared)
            {
                common = common.With(typed, Value(typed, shared.Value is not null, Attached(word, equals), rest));
                continue;
            }
            if (!options.TryGetValue(typed, out var own))
            {
                var known = options.Keys.Concat(CommonOptions.All.Select(o => o.Name));
                throw new UsageException($"There is no option '--{typed}'.{Suggestion.For(typed, known, "--")}");
            }
            var value = Value(typed, own.TakesValue, Attached(word, equals), rest);
            if (!values.TryGetValue(own.Name, out var list))
            {
                values.Add(own.Name, list = []);
            }
            else if (!own.IsList)
            {
                throw new UsageException($"'--{typed}' is given twice.");
            }
            if (value is not null)
            {
                list.Add(value);
            }
        }
        return new Arguments(common, values.ToDictionary(v => v.Key, v => (IReadOnlyList<string>)v.Value, StringComparer.Ordinal));
    }

    private static string? Attached(string word, int equals) => equals < 0 ? null : word[(equals + 1)..];

    private static string? Value(string name, bool takesValue, string? attached, Queue<string> rest)
    {
        if (!takesValue)
        {
            return attached is null ? null : throw new UsageException($"'--{name}' takes no value.");
        }
        // A value that begins with dashes must be attached, so that a forgotten value is not taken from the next option.
        if (attached is null && (rest.Count == 0 || rest.Peek().StartsWith("--", StringComparison.Ordinal)))
        {
            throw new UsageException($"'--{name}' needs a value.");
        }
        var value = attached ?? rest.Dequeue();
        return value.Length > 0 ? value : throw new UsageException($"'--{name}' needs a value.");
    }
}
