//! The functions that expressions may call.

use std::sync::{Arc, LazyLock};

use cel::{
    DeclarationError, Env, add_member_overload as method, add_overload as function,
    common::{
        traits::Sizer,
        types::{CelBool, CelList, CelMap, CelString},
    },
};

use super::number::Exact;

/// The names of the functions.
pub(super) const NAMES: [&str; 5] = ["size", "contains", "startsWith", "endsWith", "lowerAscii"];

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::default().with_optional_support(false);
    // Cannot fail: each name is declared once for each kind of value.
    let _ = declare(&mut env);
    Arc::new(env)
});

/// The environment that they are declared in, with nothing else.
pub(super) fn env() -> Arc<Env> {
    Arc::clone(&ENV)
}

fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    function!(env, fn text_size: (CelString) -> Exact, name = "size")?;
    function!(env, fn list_size: (CelList) -> Exact, name = "size")?;
    function!(env, fn object_size: (CelMap) -> Exact, name = "size")?;
    method!(env, fn text_size: (CelString) -> Exact, name = "size")?;
    method!(env, fn list_size: (CelList) -> Exact, name = "size")?;
    method!(env, fn object_size: (CelMap) -> Exact, name = "size")?;
    method!(env, fn contains: (CelString, CelString) -> CelBool)?;
    method!(env, fn starts_with: (CelString, CelString) -> CelBool)?;
    method!(env, fn ends_with: (CelString, CelString) -> CelBool)?;
    method!(env, fn lower_ascii: (CelString) -> CelString)
}

fn text_size(text: &CelString<'_>) -> Exact {
    Exact(text.inner().chars().count().into())
}

fn list_size(list: &CelList<'_>) -> Exact {
    Exact((*list.size().inner()).into())
}

fn object_size(object: &CelMap<'_>) -> Exact {
    Exact((*object.size().inner()).into())
}

fn contains(text: &CelString<'_>, part: &CelString<'_>) -> CelBool {
    text.inner().contains(part.inner()).into()
}

fn starts_with(text: &CelString<'_>, start: &CelString<'_>) -> CelBool {
    text.inner().starts_with(start.inner()).into()
}

fn ends_with(text: &CelString<'_>, end: &CelString<'_>) -> CelBool {
    text.inner().ends_with(end.inner()).into()
}

fn lower_ascii<'v>(text: &CelString<'v>) -> CelString<'v> {
    text.inner().to_ascii_lowercase().into()
}
