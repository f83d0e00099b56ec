using System.Reflection;
using System.Runtime.CompilerServices;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Module;

/// <summary>Every list of a public record can be indexed where people index it: in PowerShell, however the record was made.</summary>
public sealed class IndexableListTests : IDisposable
{
    private readonly HostedShell _shell = HostedShell.WithModule();

    public static TheoryData<Type> Records => [.. Lists.Select(p => p.DeclaringType!).Distinct()];

    private static IEnumerable<PropertyInfo> Lists => typeof(BackupResult).Assembly.GetExportedTypes().Where(t => t is { IsClass: true, IsAbstract: false })
        .SelectMany(t => t.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Where(p => p.PropertyType.IsGenericType && p.PropertyType.GetGenericTypeDefinition() == typeof(IReadOnlyList<>));

    public void Dispose() => _shell.Dispose();

    [Theory]
    [MemberData(nameof(Records))]
    public void First_item_of_each_list(Type record)
    {
        foreach (var property in Lists.Where(p => p.DeclaringType == record))
        {
            var instance = RuntimeHelpers.GetUninitializedObject(record);
            var type = property.PropertyType.GetGenericArguments()[0];
            var item = type == typeof(string) ? "an item" : type.IsValueType ? Activator.CreateInstance(type)! : RuntimeHelpers.GetUninitializedObject(type);
            property.SetValue(instance, typeof(IndexableListTests).GetMethod(nameof(Compiled), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, [item]));
            var first = _shell.Run("param($record, $name) , $record.$name[0]", ("record", instance), ("name", property.Name)).Succeeded().Output.Single();
            Assert.True(first?.BaseObject is { } found && found.GetType() == type, $"{record.Name}.{property.Name}[0] is nothing");
        }
    }

    [Fact]
    public void There_are_such_lists() => Assert.True(Lists.Count() > 40);

    /// <summary>The list that the compiler makes for a collection expression.</summary>
    private static IReadOnlyList<T> Compiled<T>(T item) => [item];
}
