namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>A rule for a data class: a small mapping with <c>glob</c>, <c>class</c> and perhaps <c>subject</c>.</summary>
internal sealed class RuleType : SettingType<ClassRule>
{
    private static readonly string[] Keys = ["glob", "class", "subject"];

    /// <summary>Both <c>UserFiles</c> and <c>user_files</c> name a class.</summary>
    public static ScalarType<DataClass> ClassName { get; } = new(
        "a data class",
        (text, _) =>
        {
            var plain = text.Replace("_", "", StringComparison.Ordinal);
            foreach (var dataClass in Enum.GetValues<DataClass>())
            {
                if (dataClass.ToString().Equals(plain, StringComparison.OrdinalIgnoreCase))
                {
                    return dataClass;
                }
            }
            return SettingTypes.Bad<DataClass>($"'{text}' is not a data class",
                $"{NearestNames.Question(text, Enum.GetNames<DataClass>())} Write one of {string.Join(", ", Enum.GetNames<DataClass>())}.".TrimStart());
        },
        dataClass => dataClass.ToString());

    public override string Description => "a rule: {glob: …, class: …} with an optional subject";

    public override bool TryRead(ConfigurationNode node, ReadContext context, out ClassRule value)
    {
        value = null!;
        if (node is not MapNode map)
        {
            context.Findings.Error(context.Key, context.File, node.Line, "a rule is written with its keys", "Write - {glob: \"reports/**\", class: Reports}.");
            return false;
        }
        var sound = true;
        string? glob = null, subject = null;
        DataClass? dataClass = null;
        foreach (var (key, line, entry) in map.Entries)
        {
            switch (key)
            {
                case "glob" when SettingTypes.Glob.TryRead(entry, context, out var read):
                    glob = read;
                    break;
                case "class" when ClassName.TryRead(entry, context, out var read):
                    dataClass = read;
                    break;
                case "subject" when entry is ScalarNode { IsUnset: true }:
                    break;
                case "subject" when Subject.TryRead(entry, context, out var read):
                    subject = read;
                    break;
                case "glob" or "class" or "subject":
                    sound = false;
                    break;
                default:
                    context.Findings.Error(context.Key, context.File, line, $"a rule has no key '{key}'", $"{NearestNames.Question(key, Keys)} A rule has glob, class and subject.".TrimStart());
                    sound = false;
                    break;
            }
        }
        if (sound && (glob is null || dataClass is null))
        {
            context.Findings.Error(context.Key, context.File, map.Line, $"the rule has no {(glob is null ? "glob" : "class")}", "Write - {glob: \"reports/**\", class: Reports}.");
            return false;
        }
        if (sound)
        {
            value = new ClassRule(glob!, dataClass!.Value, subject);
        }
        return sound;
    }

    public override string Write(ClassRule value) =>
        $"{{glob: {YamlText.Scalar(value.Glob)}, class: {value.DataClass}{(value.Subject is null ? "" : $", subject: {YamlText.Scalar(value.Subject)}")}}}";

    public override object? ToPublic(ClassRule value) => value.ToString();

    private static ScalarType<string?> Subject { get; } = SettingTypes.Text(
        "a subject", text => SubjectTemplate.Parse(text) is not null,
        "Write system, user:<uuid>, user#<number>, jar:<id> or path:<class>/<folder>; or user:{2}, jar:{2}, path:Reports/{2} to take the second component of the path.");
}
