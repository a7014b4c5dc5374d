//! Logarithms, which core lacks.

/// The decimal logarithm of a number of at least 1, with an error below 0.00001.
pub(crate) fn log10(x: f64) -> f64 {
    ln(x) / core::f64::consts::LN_10
}

/// The natural logarithm of a number of at least 1, with an error below 0.00001.
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.max(1.0).to_bits();
    let exponent = ((bits >> 52) as i32 - 1023) as f64;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    // ln(m) = 2 artanh((m - 1) / (m + 1)), m in [1, 2).
    let y = (mantissa - 1.0) / (mantissa + 1.0);
    let y2 = y * y;
    let series =
        1.0 + y2 * (1.0 / 3.0 + y2 * (0.2 + y2 * (1.0 / 7.0 + y2 * (1.0 / 9.0 + y2 / 11.0))));
    exponent * core::f64::consts::LN_2 + 2.0 * y * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_near_enough() {
        for x in [1.0, 1.5, 1.99, 2.0, 10.0, 101.0, 1e6] {
            assert!((ln(x) - x.ln()).abs() < 1e-5, "{x}");
            assert!((log10(x) - x.log10()).abs() < 1e-5, "{x}");
        }
    }
}
