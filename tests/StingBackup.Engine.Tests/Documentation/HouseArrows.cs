using Mono.Cecil;

namespace StingBackup.Engine.Tests.Documentation;

/// <summary>Which folder of the engine uses which other one, read from the built assembly: what a source says by 'using' is not what it uses.</summary>
internal sealed class HouseArrows
{
    private const string Engine = "StingBackup.Engine";

    private readonly SortedDictionary<(string From, string To), SortedSet<string>> _uses = [];

    public HouseArrows()
    {
        using var assembly = AssemblyDefinition.ReadAssembly(typeof(Installation).Assembly.Location);
        foreach (var type in assembly.MainModule.Types)
        {
            Walk(type);
        }
    }

    /// <summary>From, to, and the types of it as "User > Used".</summary>
    public IEnumerable<(string From, string To, IReadOnlyCollection<string> Types)> All => _uses.Select(u => (u.Key.From, u.Key.To, (IReadOnlyCollection<string>)u.Value));

    private void Walk(TypeDefinition type)
    {
        Use(type, type.BaseType);
        foreach (var used in type.Interfaces.Select(i => i.InterfaceType).Concat(type.Fields.Select(f => f.FieldType)))
        {
            Use(type, used);
        }
        foreach (var method in type.Methods)
        {
            UseMethod(type, method);
            foreach (var variable in method.HasBody ? method.Body.Variables : [])
            {
                Use(type, variable.VariableType);
            }
            foreach (var instruction in method.HasBody ? method.Body.Instructions : [])
            {
                switch (instruction.Operand)
                {
                    case MethodReference called:
                        UseMethod(type, called);
                        break;
                    case FieldReference field:
                        Use(type, field.DeclaringType);
                        Use(type, field.FieldType);
                        break;
                    case TypeReference named:
                        Use(type, named);
                        break;
                }
            }
        }
        foreach (var nested in type.NestedTypes)
        {
            Walk(nested);
        }
    }

    private void UseMethod(TypeDefinition type, MethodReference method)
    {
        Use(type, method.DeclaringType);
        Use(type, method.ReturnType);
        foreach (var used in method.Parameters.Select(p => p.ParameterType).Concat(method is GenericInstanceMethod generic ? generic.GenericArguments : []))
        {
            Use(type, used);
        }
    }

    private void Use(TypeDefinition from, TypeReference? to)
    {
        foreach (var argument in to is GenericInstanceType generic ? generic.GenericArguments : [])
        {
            Use(from, argument);
        }
        if (to is TypeSpecification specification)
        {
            Use(from, specification.ElementType);
        }
        else if (to is not (null or GenericParameter) && to.Scope is ModuleDefinition && FolderOf(from) is { } user && FolderOf(to) is { } used && user != used)
        {
            if (!_uses.TryGetValue((user, used), out var types))
            {
                _uses[(user, used)] = types = new(StringComparer.Ordinal);
            }
            types.Add($"{Outermost(from).Name} > {Outermost(to).Name}");
        }
    }

    private static TypeReference Outermost(TypeReference type) => type.DeclaringType is null ? type : Outermost(type.DeclaringType);

    /// <summary>The first folder below the engine's; null for what the compiler made.</summary>
    private static string? FolderOf(TypeReference type)
    {
        var name = Outermost(type).Namespace;
        return !name.StartsWith(Engine, StringComparison.Ordinal) ? null : name == Engine ? HouseTests.Top : name.Split('.')[2];
    }
}
